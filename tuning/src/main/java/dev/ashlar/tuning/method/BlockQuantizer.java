package dev.ashlar.tuning.method;

import dev.ashlar.tensor.quant.QuantScheme;
import java.time.Duration;
import java.util.Optional;

/** A method that quantizes a unit as a whole. */
public interface BlockQuantizer {
  /**
   * Chooses codes for all layers of {@code task.schemes()}.
   *
   * @throws TuningException if weights or activations are not finite, or a scale overflows
   */
  UnitResult quantize(UnitTask task);

  /**
   * Gives back what it keeps from unit to unit beside the heap, a device's memory; it may quantize
   * again afterwards. Runs ask for it at their end.
   */
  default void release() {}

  /** Whether inputs flow through the model at all, so that calibration data are needed. */
  boolean needsInputs();

  /** Whether the method compares with the float unit's outputs. */
  boolean needsTargets();

  /**
   * Whether its inputs are the float model's, even in a run in which quantized units feed those
   * behind them: there is one stream only then. The method may send it through the unit itself, by
   * {@link UnitTask#floats} where the task has it; the run does so otherwise.
   */
  default boolean floatInputs() {
    return false;
  }

  /**
   * Whether the method looks at the float model's activations inside of units ({@link
   * UnitTask#floats}) beside those that it tunes on, so that both streams are kept.
   */
  default boolean needsFloats() {
    return false;
  }

  /**
   * How many of {@code samples} calibration samples, from the first, flow through the units; the
   * others are left for the {@link #finish}.
   */
  default int streamed(int samples) {
    return samples;
  }

  /**
   * What is done to the whole model once all units are quantized. Nothing is handed on before that;
   * methods without it hand on each unit as it is made.
   */
  default Optional<Finish> finish() {
    return Optional.empty();
  }

  /**
   * The time that the run is given in place of numbers. A method that has one has a {@link #finish}
   * that works in steps.
   */
  default Optional<Budget> budget() {
    return Optional.empty();
  }

  /**
   * Why the method cannot choose codes of this kind, as the rest of a sentence that begins with the
   * method's name, or empty if it can. How inputs are rounded is the run's care, not the method's.
   */
  default Optional<String> refusal(QuantScheme scheme) {
    return scheme.beyondIntegerWeights();
  }

  /**
   * Whether matrices may have more than integer codes with integer zero points (weights beside the
   * codes, float minimums), which few formats have room for.
   */
  default boolean keepsOutliers() {
    return false;
  }

  /**
   * The method for one matrix by itself, without a model around it and without data; empty for
   * methods that need either.
   */
  default Optional<LinearQuantizer> alone() {
    return Optional.empty();
  }

  /**
   * About how many bytes {@link #quantize} takes beside the unit's own floats and the inputs.
   *
   * @param tokens of one micro-batch
   */
  default long workingBytes(UnitSize unit, long tokens) {
    // The codes, the floats of the codes, and one micro-batch passing through.
    return unit.weights() * (Byte.BYTES + Float.BYTES) + unit.passBytes(tokens);
  }

  /**
   * Everything that decides what codes come out, as one line; equal lines give equal codes. What
   * the method is called, and behind commas its options as {@code name=value}, so that messages can
   * say in which two differ.
   */
  String describe();

  /** What messages call it: the beginning of {@link #describe}. */
  default String title() {
    return describe().split(",", 2)[0];
  }

  /**
   * How long {@link #quantize} would take with {@code batches} times the inputs of {@code sample},
   * measured on the sample; cheap beside the real run. Changes nothing.
   */
  Duration estimate(UnitTask sample, int batches);
}
