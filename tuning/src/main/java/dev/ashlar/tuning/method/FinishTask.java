package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.Decoder;
import java.util.List;
import java.util.function.Supplier;

/**
 * A quantized model to work on as a whole.
 *
 * @param model the float model; its blocks come from the parts
 * @param parts all units, in the order in which data flow through them
 * @param samples token ids of all calibration samples, of one length
 * @param streamed how many of them, from the first, the units were quantized on
 * @param batchSize samples of one micro-batch
 * @param seed depends on the job's seed only
 * @param listener hears of each step
 */
public record FinishTask(
    Decoder model,
    List<Part> parts,
    List<int[]> samples,
    int streamed,
    int batchSize,
    long seed,
    UnitTask.IterationListener listener) {
  /**
   * One unit.
   *
   * @param head whether it is the output head
   * @param load reads the float unit
   * @param result of its quantization
   */
  public record Part(boolean head, Supplier<Unit> load, UnitResult result) {}

  public FinishTask {
    parts = List.copyOf(parts);
    samples = List.copyOf(samples);
  }
}
