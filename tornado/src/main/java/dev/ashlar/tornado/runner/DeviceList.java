package dev.ashlar.tornado.runner;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices that TornadoVM drives, one driver's behind another's, as it had them at first. */
public final class DeviceList {
  /**
   * A device.
   *
   * @param driver its driver's place
   * @param place its place among the driver's
   * @param name for people
   * @param memory bytes, if it says so
   * @param groups whether kernels of groups suit it
   * @param version of its driver, as far as it says one
   */
  public record Entry(
      int driver, int place, String name, OptionalLong memory, boolean groups, String version) {}

  /** Lines of what TornadoVM writes about a device that name versions. */
  private static final Pattern VERSION =
      Pattern.compile("(?mi)^\\s*(?:device|driver) version\\s*:\\s*(\\S.*?)\\s*$");

  private final TornadoRuntime runtime;
  private final List<Entry> entries = new ArrayList<>();

  /** The device that graphs are built for; less than 0 for none yet. */
  private int chosen = -1;

  private DeviceList(TornadoRuntime runtime) {
    this.runtime = runtime;
    for (int b = 0; b < runtime.getNumBackends(); b++) {
      TornadoBackend driver = runtime.getBackend(b);
      for (int d = 0; d < driver.getNumDevices(); d++) {
        entries.add(entry(b, d, driver.getName(), driver.getDevice(d)));
      }
    }
  }

  private static Entry entry(int driver, int place, String api, TornadoDevice device) {
    // TornadoVM's words end with the type as its driver spells it, and whether it is there.
    String name = device.getDescription().replaceAll("\\s+CL_DEVICE_TYPE_\\w+.*$", "").strip();
    long memory = device.getMaxGlobalMemory();
    return new Entry(
        driver,
        place,
        name + " (" + api + ")",
        memory > 0 ? OptionalLong.of(memory) : OptionalLong.empty(),
        device.getDeviceType() != TornadoDeviceType.CPU,
        version(device.getPhysicalDevice().getDeviceInfo()));
  }

  /** The versions in a description of many lines, {@code OpenCL 3.0 PoCL, 3.1}. */
  static String version(String description) {
    return VERSION
        .matcher(description == null ? "" : description)
        .results()
        .map(m -> m.group(1))
        .collect(Collectors.joining(", "));
  }

  /**
   * Starts TornadoVM. Whatever it cannot do it throws, exceptions and errors of its own among them.
   */
  public static DeviceList start() {
    return new DeviceList(TornadoRuntimeProvider.getTornadoRuntime());
  }

  /** All devices, in their order. */
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  /**
   * Makes a device the default one. Graphs ask for the default only when they first run, so that it
   * stays what it is from then on.
   *
   * @throws IllegalStateException if it is another one already
   */
  public synchronized Entry choose(int index) {
    if (chosen >= 0 && chosen != index) {
      throw new IllegalStateException(
          "this process computes on device " + chosen + " already, and takes no second one");
    }
    Entry entry = entries.get(index);
    if (chosen < 0) {
      // Places are exchanged with the first, which is the default.
      if (entry.driver() > 0) {
        runtime.setDefaultBackend(entry.driver());
      }
      if (entry.place() > 0) {
        runtime.getBackend(0).setDefaultDevice(entry.place());
      }
      chosen = index;
    }
    return entry;
  }
}
