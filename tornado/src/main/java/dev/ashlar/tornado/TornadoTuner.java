package dev.ashlar.tornado;

import dev.ashlar.nn.devicetuning.DeviceTuner;
import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tornado.tuner.DeviceUnitTuner;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Tunes on TornadoVM's default device, with faults that are sentences. It names no type of
 * TornadoVM, so that it loads everywhere.
 */
final class TornadoTuner implements DeviceTuner {
  private final BooleanSupplier groups;
  private DeviceUnitTuner tuner;

  /**
   * @param groups whether kernels of groups suit the device; is asked when a block is there to tune
   */
  TornadoTuner(BooleanSupplier groups) {
    this.groups = groups;
  }

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public Optional<String> refusal(TuningJob job) {
    return DeviceUnitTuner.refusal(job);
  }

  @Override
  public TuningSession begin(TuningJob job) {
    if (tuner == null) {
      tuner = new DeviceUnitTuner(groups.getAsBoolean());
    }
    String what = "at tuning " + job.block().name();
    return new GuardedSession(DeviceFaults.guarded(what, () -> tuner.begin(job)), what);
  }

  @Override
  public void release() {
    if (tuner != null) {
      tuner.release();
    }
  }
}
