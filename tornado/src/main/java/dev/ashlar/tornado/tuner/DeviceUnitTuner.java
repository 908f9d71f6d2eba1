package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import java.util.Optional;

/**
 * Tunes blocks on TornadoVM's default device: one task graph for each block, which has the whole of
 * an iteration. What one iteration decides (keep, step, by how much) the next execution does first,
 * so that nothing passes through the host but the batch's numbers and the squared error of each
 * row.
 *
 * <p>Sums are in float and in another order than on the processor, so that signs of gradients that
 * are next to nothing may differ, and the codes that hang on them.
 */
public final class DeviceUnitTuner {
  private DeviceUnitTuner() {}

  /** As {@code DeviceTuner} says. */
  public static Optional<String> refusal(TuningJob job) {
    return TunerSupport.missing(job);
  }

  /**
   * As {@code DeviceTuner} says.
   *
   * @throws IllegalArgumentException if {@link #refusal} has something to say
   */
  public static TuningSession begin(TuningJob job) {
    refusal(job)
        .ifPresent(
            what -> {
              throw new IllegalArgumentException(
                  job.block().name() + " cannot be tuned on a device, which lacks " + what);
            });
    return new DeviceSession(job);
  }
}
