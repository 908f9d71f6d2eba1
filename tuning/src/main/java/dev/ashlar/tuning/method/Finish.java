package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.DecoderSpec;

/**
 * What a method does once all units are quantized: it sees the whole model. Until it is done
 * nothing is handed on. The same task gives the same result, wherever it runs; of one with a {@link
 * FinishTask.Limit} that holds for the number of steps that it came to.
 */
public interface Finish {
  /**
   * Works on all units together.
   *
   * @return for each part a result in place of its own, in order, and what changed beside them
   * @throws TuningException if something is not finite
   */
  FinishResult run(FinishTask task);

  /**
   * How often a sample goes through the model, or something that takes as long, for the estimate.
   *
   * @param samples calibration samples of the run
   * @param streamed how many of them the units are quantized on
   */
  double samplePasses(int samples, int streamed);

  /**
   * About how many bytes {@link #run} takes beside the codes of all units and one unit's floats.
   *
   * @param unit one that no unit exceeds
   * @param model of which all blocks are worked on
   * @param length tokens of a sample
   */
  long workingBytes(UnitSize unit, DecoderSpec model, int length);
}
