package dev.ashlar.tornado;

import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tornado.tuner.DeviceUnitTuner;
import java.util.Optional;

/**
 * Offers TornadoVM's default device for tuning. It names no type of TornadoVM, so that it loads
 * everywhere.
 */
public final class TornadoTuner implements DeviceTuner {
  /** TornadoVM's argument file sets this property to its implementation class. */
  private static final String IMPLEMENTATION = "tornado.load.api.implementation";

  /** Unless this is False, a kernel that cannot be compiled runs as Java, without a word. */
  private static final String BAILOUT = "tornado.recover.bailout";

  /** Made by {@code ServiceLoader}. */
  public TornadoTuner() {}

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public Availability availability() {
    if (System.getProperty(IMPLEMENTATION) == null) {
      return new Availability.Absent("this JVM was not started with TornadoVM's argument file");
    }
    if (!"False".equalsIgnoreCase(System.getProperty(BAILOUT))) {
      return new Availability.Absent(
          "kernels that fail would run as Java unnoticed; start with -D" + BAILOUT + "=False");
    }
    return new Availability.Ready("TornadoVM's default device");
  }

  @Override
  public Optional<String> refusal(TuningJob job) {
    return DeviceUnitTuner.refusal(job);
  }

  @Override
  public TuningSession begin(TuningJob job) {
    return DeviceUnitTuner.begin(job);
  }
}
