package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.Decoder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
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
 * @param limit a time in place of a number of steps
 * @param spareBytes memory that may be taken beyond {@link Finish#workingBytes} to save time; the
 *     result does not depend on it
 */
public record FinishTask(
    Decoder model,
    List<Part> parts,
    List<int[]> samples,
    int streamed,
    int batchSize,
    long seed,
    UnitTask.IterationListener listener,
    Optional<Limit> limit,
    long spareBytes) {
  /**
   * One unit.
   *
   * @param head whether it is the output head
   * @param load reads the float unit
   * @param result of its quantization
   */
  public record Part(boolean head, Supplier<Unit> load, UnitResult result) {}

  /**
   * A time to fill with steps.
   *
   * @param time until the end of the work
   * @param steps is told how many there will be, as soon as that decides anything: the same number
   *     asked for gives the same result
   */
  public record Limit(Duration time, IntConsumer steps) {}

  /** A task of which the method's options say how many steps there are, with no memory to spare. */
  public FinishTask(
      Decoder model,
      List<Part> parts,
      List<int[]> samples,
      int streamed,
      int batchSize,
      long seed,
      UnitTask.IterationListener listener) {
    this(model, parts, samples, streamed, batchSize, seed, listener, Optional.empty(), 0);
  }

  public FinishTask {
    parts = List.copyOf(parts);
    samples = List.copyOf(samples);
  }
}
