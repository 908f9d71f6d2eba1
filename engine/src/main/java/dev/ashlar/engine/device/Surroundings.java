package dev.ashlar.engine.device;

import dev.ashlar.nn.device.DeviceProvider.Device;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/** What a measurement belongs to: with another of any of it the figures say nothing. */
public final class Surroundings {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** What Linux calls the processor's name, on x86, on some Arm boards, on POWER. */
  private static final List<String> NAMES = List.of("model name", "Model", "Hardware", "cpu");

  private static final String UNKNOWN = "unknown";

  private Surroundings() {}

  /**
   * This process's, and those of a device that is there.
   *
   * @return what it is, by what it is called
   */
  public static Map<String, String> of(DeviceName name) {
    Map<String, String> all = new TreeMap<>();
    Device device = name.description();
    all.put("Ashlar", version());
    all.put("the backend", Backends.reason());
    all.put("the processor", processor());
    all.put(
        "the number of processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    all.put("the JVM", System.getProperty("java.vm.vendor") + " " + Runtime.version());
    all.put("the system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    all.put("the SDK", name.provider().availability().reason());
    all.put("the device", device.name());
    all.put("the driver", device.driver());
    return all;
  }

  /** Ashlar's version, as the build wrote it into this module's jar. */
  private static String version() {
    try (InputStream in =
        Surroundings.class.getModule().getResourceAsStream("META-INF/MANIFEST.MF")) {
      String built =
          in == null
              ? null
              : new Manifest(in)
                  .getMainAttributes()
                  .getValue(Attributes.Name.IMPLEMENTATION_VERSION);
      return built == null ? UNKNOWN : built;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** The processor's name, where the system says it. */
  public static String processor() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return processor(lines.toList());
    } catch (IOException | UncheckedIOException e) {
      // Not Linux: the architecture must do.
      return UNKNOWN;
    }
  }

  /** The processor's name from lines {@code key : value}. */
  public static String processor(List<String> lines) {
    for (String name : NAMES) {
      for (String line : lines) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
          return line.substring(colon + 1).strip().replaceAll("\\s+", " ");
        }
      }
    }
    return UNKNOWN;
  }
}
