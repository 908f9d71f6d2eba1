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
  /** Made by {@code ServiceLoader}. */
  public TornadoTuner() {}

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public Availability availability() {
    return new TornadoDevices().availability();
  }

  @Override
  public Optional<String> refusal(TuningJob job) {
    return DeviceUnitTuner.refusal(job);
  }

  @Override
  public TuningSession begin(TuningJob job) {
    String what = "at tuning " + job.block().name();
    return new GuardedSession(DeviceFaults.guarded(what, () -> DeviceUnitTuner.begin(job)), what);
  }
}
