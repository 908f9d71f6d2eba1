package dev.ashlar.cli.doctor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory of the machine and of this process, in bytes. */
public final class Memory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private Memory() {}

  /** What the machine, or the container this runs in, has. */
  public static long physical() {
    return system().getTotalMemorySize();
  }

  /** What of it is free. */
  public static long free() {
    return system().getFreeMemorySize();
  }

  /** The largest resident size this process ever had; where nobody tells, the heap it holds. */
  public static long peak() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not Linux: the heap is most of it.
    }
    return Runtime.getRuntime().totalMemory();
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }
}
