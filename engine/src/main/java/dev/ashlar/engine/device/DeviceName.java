package dev.ashlar.engine.device;

import dev.ashlar.io.InputException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Availability;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A device as a user names it: {@code tornado}, {@code tornado:1}.
 *
 * @param provider whose it is
 * @param index from 0, which holds where none is named
 */
public record DeviceName(DeviceProvider provider, int index) {
  /**
   * What a name means.
   *
   * @param devices that there may be
   * @return empty if it begins with no provider's name
   * @throws IllegalArgumentException if what stands behind the colon is no number
   */
  public static Optional<DeviceName> of(String name, Devices devices) {
    int colon = name.indexOf(':');
    String end = colon < 0 ? "0" : name.substring(colon + 1);
    Optional<DeviceProvider> provider = devices.named(colon < 0 ? name : name.substring(0, colon));
    if (provider.isPresent() && !end.matches("[0-9]{1,4}")) {
      throw new IllegalArgumentException(
          "behind "
              + name.substring(0, colon + 1)
              + " stands the number of a device, as in "
              + provider.get().name()
              + ":0: '"
              + end
              + "'");
    }
    return provider.map(p -> new DeviceName(p, Integer.parseInt(end)));
  }

  /**
   * Refuses a device that is not there; may take seconds.
   *
   * @throws InputException saying why, and what to do
   */
  public void requireThere() {
    if (provider.availability() instanceof Availability.Absent absent) {
      throw new InputException("there is no device of " + provider.name() + ": " + absent.reason());
    }
    if (provider.devices().stream().noneMatch(d -> d.index() == index)) {
      throw new InputException(
          "there is no device "
              + this
              + ", but "
              + provider.devices().stream()
                  .map(d -> provider.name() + ":" + d.index() + ", " + d.name())
                  .collect(Collectors.joining("; ")));
    }
  }

  /** What its provider says of it; it must be there. */
  public DeviceProvider.Device description() {
    return provider.devices().stream().filter(d -> d.index() == index).findFirst().orElseThrow();
  }

  @Override
  public String toString() {
    return provider.name() + ":" + index;
  }
}
