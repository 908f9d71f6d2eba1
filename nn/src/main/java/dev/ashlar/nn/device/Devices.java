package dev.ashlar.nn.device;

import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.tensor.kernel.Availability;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Providers of devices.
 *
 * @param providers each of another name
 */
public record Devices(List<DeviceProvider> providers) {
  private static final class Holder {
    static final Devices FOUND = found();
  }

  public Devices {
    providers = List.copyOf(providers);
  }

  /** Those that this process has, looked for when first asked for; none of them is started. */
  public static Devices ofProcess() {
    return Holder.FOUND;
  }

  private static Devices found() {
    List<DeviceProvider> all = new ArrayList<>();
    // Its own loader: beside this class lie its providers, whatever thread asks first.
    ServiceLoader.load(DeviceProvider.class, DeviceProvider.class.getClassLoader())
        .forEach(all::add);
    return new Devices(all);
  }

  /** The one of that name. */
  public Optional<DeviceProvider> named(String name) {
    return providers.stream().filter(p -> p.name().equals(name)).findFirst();
  }

  /**
   * What tunes blocks on the first device of the provider of that name.
   *
   * @throws IllegalArgumentException if there is none, naming those that there are, or if it cannot
   *     run here, saying why
   */
  public DeviceTuner tuner(String name) {
    DeviceProvider provider =
        named(name).orElseThrow(() -> new IllegalArgumentException(noTuner(name)));
    DeviceTuner tuner =
        provider.tuner().orElseThrow(() -> new IllegalArgumentException(noTuner(name)));
    if (provider.availability() instanceof Availability.Absent absent) {
      throw new IllegalArgumentException(name + " cannot tune here: " + absent.reason());
    }
    return tuner;
  }

  private String noTuner(String name) {
    List<String> names =
        providers.stream().filter(p -> p.tuner().isPresent()).map(DeviceProvider::name).toList();
    return "no device '"
        + name
        + "' for tuning; "
        + (names.isEmpty() ? "there is none" : "there are " + String.join(", ", names));
  }
}
