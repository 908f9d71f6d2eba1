package dev.ashlar.nn.devicetuning;

import java.util.Optional;

/**
 * Tunes blocks by signed gradients (SignRound, arXiv 2309.05516) on a device: forward, backward,
 * fake quantization and steps, with nothing on the host meanwhile but losses. Providers of devices
 * offer one.
 */
public interface DeviceTuner {
  /** What users call it. */
  String name();

  /**
   * What of the job the device cannot do, as the end of a sentence ({@code experts}); empty if it
   * can do all of it.
   */
  Optional<String> refusal(TuningJob job);

  /**
   * Brings the job to the device.
   *
   * @throws IllegalArgumentException if {@link #refusal} has something to say
   * @throws dev.ashlar.nn.device.DeviceException if the device fails, for lack of memory for
   *     example
   */
  TuningSession begin(TuningJob job);

  /**
   * Frees what it keeps on the device for a next block like the last one. Sessions that are open
   * stay so, and others may be begun afterwards.
   */
  default void release() {}
}
