package dev.ashlar.nn.devicetuning;

import dev.ashlar.tensor.kernel.Availability;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The device tuners that modules provide. */
public final class DeviceTuners {
  private DeviceTuners() {}

  /**
   * The tuner of that name.
   *
   * @throws IllegalArgumentException if there is none, naming those that there are, or if it cannot
   *     run here, saying why
   */
  public static DeviceTuner named(String name) {
    List<String> names = new ArrayList<>();
    for (DeviceTuner tuner : ServiceLoader.load(DeviceTuner.class)) {
      if (tuner.name().equals(name)) {
        if (tuner.availability() instanceof Availability.Absent absent) {
          throw new IllegalArgumentException(name + " cannot tune here: " + absent.reason());
        }
        return tuner;
      }
      names.add(tuner.name());
    }
    throw new IllegalArgumentException(
        "no device '"
            + name
            + "' for tuning; "
            + (names.isEmpty() ? "there is none" : "there are " + String.join(", ", names)));
  }
}
