package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.walk.ActivationStore;
import java.util.Optional;

/**
 * How a run keeps to a limit: whether activations lie in a file, and how many samples pass a unit
 * at once. Neither changes a bit of the result.
 *
 * @param spills whether activations lie in a file
 * @param passBatch samples that pass a unit at once
 * @param bytes what the run is thought to take at most
 * @param limit what it may take; {@link Long#MAX_VALUE} for anything
 */
public record MemoryPlan(boolean spills, int passBatch, long bytes, long limit) {
  /** What is not heap: code, classes, the collector's own, pages of the model's files. */
  private static final long BASE = 400L << 20;

  /** A collector needs room to work; measured, not proven. */
  private static final double HEADROOM = 1.15;

  /**
   * The plan of a run.
   *
   * @param tied whether the head's matrix is the embedding's
   * @param weights elements of the linear maps of all units
   * @param flows whether activations flow at all
   * @param samples calibration samples
   * @param length tokens of each
   */
  static MemoryPlan of(
      DecoderSpec spec,
      boolean tied,
      UnitSize unit,
      long weights,
      BlockQuantizer quantizer,
      boolean flows,
      RunOptions options,
      int samples,
      int length,
      MemoryLimit limit) {
    long most = limit.bytes().orElse(Long.MAX_VALUE);
    int batch = Math.max(1, Math.min(options.batchSize(), samples));
    long table = (long) spec.vocab() * spec.embedding().dim() * Float.BYTES;
    long fixed = (tied ? 1 : 2) * table + unit.floatBytes();
    long working = quantizer.workingBytes(unit, (long) batch * length);
    int streamed = quantizer.streamed(samples);
    long state = (long) streamed * length * spec.dim() * options.streamType().bytes();
    long streams = !flows ? 0 : quantizer.needsTargets() ? 2 * state : state;
    if (quantizer.needsFloats()) {
      // A third to write what comes out, and what the method keeps of the inside of both units.
      streams = 3 * state + 2L * streamed * length * unit.widths() * options.streamType().bytes();
    }
    // The codes of all units wait for the end, when streams are gone.
    long codes = quantizer.finish().isPresent() ? weights : 0;
    long states = (long) (samples - streamed) * length * spec.dim() * Float.BYTES;
    long finish =
        quantizer.finish().map(f -> states + f.workingBytes(unit, spec, length)).orElse(0L);
    MemoryPlan last = null;
    for (boolean spill : new boolean[] {false, true}) {
      for (int b = batch; b >= 1; b /= 2) {
        long pass = unit.floatBytes() + unit.passBytes((long) b * length);
        long quantizing = Math.max(working, pass) + (spill ? 0 : streams);
        long live = fixed + codes + Math.max(quantizing, finish);
        last = new MemoryPlan(spill, b, BASE + (long) (HEADROOM * live), most);
        if (last.fits()) {
          return last;
        }
      }
    }
    return last;
  }

  /** Whether the run is thought to keep to the limit. */
  public boolean fits() {
    return bytes <= limit;
  }

  /** What is left beside it of the limit and of what this process may have. */
  long spare() {
    return Math.max(0, Math.min(limit, Runtime.getRuntime().maxMemory()) - bytes);
  }

  /** What a user should know, if it does not fit. */
  Optional<String> warning() {
    return fits()
        ? Optional.empty()
        : Optional.of(
            "about "
                + (bytes >> 20)
                + " MB are needed where "
                + (limit >> 20)
                + " are allowed; a smaller batch with more accumulation needs less");
  }

  ActivationStore store(DType type, MemoryLimit where) {
    if (type == DType.BF16) {
      return ActivationStore.bfloat16();
    }
    return spills ? ActivationStore.spilled(where.folder()) : ActivationStore.heap();
  }
}
