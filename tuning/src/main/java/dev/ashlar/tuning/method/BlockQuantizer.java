package dev.ashlar.tuning.method;

import java.time.Duration;

/** A method that quantizes a unit as a whole. */
public interface BlockQuantizer {
  /**
   * Chooses codes for all layers of {@code task.schemes()}.
   *
   * @throws TuningException if weights or activations are not finite, or a scale overflows
   */
  UnitResult quantize(UnitTask task);

  /** Whether inputs flow through the model at all, so that calibration data are needed. */
  boolean needsInputs();

  /** Whether the method compares with the float unit's outputs. */
  boolean needsTargets();

  /** Everything that decides what codes come out, as one line; equal lines give equal codes. */
  String describe();

  /**
   * How long {@link #quantize} would take with {@code batches} times the inputs of {@code sample},
   * measured on the sample; cheap beside the real run. Changes nothing.
   */
  Duration estimate(UnitTask sample, int batches);
}
