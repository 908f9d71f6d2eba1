package dev.ashlar.engine.device;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Availability;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The device that a model may be put onto without being asked for by name: one that was measured on
 * this machine, as it is now, and gains at something.
 */
public final class AutomaticDevice {
  /** Share of a device's memory that weights, keys and values may take: buffers take some too. */
  private static final double ROOM = 0.85;

  private final DeviceName device;
  private final DeviceSpeed speed;
  private final ModelWeights weights;
  private final long stored;

  private AutomaticDevice(DeviceName device, DeviceSpeed speed, ModelWeights weights, long stored) {
    this.device = device;
    this.speed = speed;
    this.weights = weights;
    this.stored = stored;
  }

  /**
   * The device for a model, if there is one. A device is started only where a measurement says that
   * it gains.
   *
   * @param stored bytes of the model's weights as files hold them
   * @param devices that there may be
   * @param measured what is known of one
   * @param listener hears why a device that gains is not taken
   */
  public static Optional<AutomaticDevice> of(
      DecoderSpec spec,
      LongSupplier stored,
      Supplier<Devices> devices,
      Optional<DeviceSpeed> measured,
      JobListener listener) {
    Optional<DeviceSpeed> gaining = measured.filter(DeviceSpeed::gains);
    if (gaining.isEmpty()) {
      return Optional.empty();
    }
    DeviceSpeed speed = gaining.get();
    Optional<DeviceName> named = named(speed, devices.get());
    if (named.isEmpty() || !named.get().provider().isExpected()) {
      return Optional.empty();
    }
    DeviceName device = named.get();
    Optional<String> hindrance = hindrance(device, speed);
    if (hindrance.isPresent()) {
      listener.warning("no device is taken: " + hindrance.get());
      return Optional.empty();
    }
    Optional<String> refusal = device.provider().refusal(spec);
    if (refusal.isPresent()) {
      listener.note("no device is taken: " + refusal.get());
      return Optional.empty();
    }
    return Optional.of(
        new AutomaticDevice(device, speed, ModelWeights.of(spec), stored.getAsLong()));
  }

  /** What a measurement calls its device; empty if nobody here has such names. */
  private static Optional<DeviceName> named(DeviceSpeed speed, Devices devices) {
    try {
      return DeviceName.of(speed.device(), devices);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Why a measurement says nothing of this process, in words; empty if it does. May start what
   * drives devices.
   */
  public static Optional<String> hindrance(DeviceSpeed speed, Devices devices) {
    return named(speed, devices)
        .map(d -> hindrance(d, speed))
        .orElseGet(() -> Optional.of(speed.device() + " was measured and is none here"));
  }

  private static Optional<String> hindrance(DeviceName device, DeviceSpeed speed) {
    DeviceProvider provider = device.provider();
    if (provider.availability() instanceof Availability.Absent absent) {
      return Optional.of(device + " was measured and is not there: " + absent.reason());
    }
    if (provider.devices().stream().noneMatch(d -> d.index() == device.index())) {
      return Optional.of(device + " was measured and is not there any more");
    }
    Map<String, String> now = Surroundings.of(device);
    List<String> differences = speed.differences(now);
    return differences.isEmpty()
        ? Optional.empty()
        : Optional.of(
            device
                + " was measured when "
                + String.join("; ", differences)
                + ": 'ashlar doctor --measure' measures anew");
  }

  /** The device. */
  public DeviceName device() {
    return device;
  }

  /**
   * Whether the model and so many tokens have room there, and it is the sooner done.
   *
   * @param begun whether the model is there already
   * @param tokens that the text may come to have
   */
  public boolean pays(Workload work, boolean begun, long tokens) {
    return fits(tokens) && speed.pays(weights, work, begun);
  }

  private boolean fits(long tokens) {
    OptionalLong memory = device.description().memory();
    double room = ROOM * memory.orElse(Long.MAX_VALUE);
    return stored + (double) tokens * weights.rowBytes() <= room;
  }
}
