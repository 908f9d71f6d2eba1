package dev.ashlar.tuning.walk;

import dev.ashlar.tuning.method.Activations;
import java.nio.file.Path;

/** Where hidden states lie while they wait for the next block. */
@FunctionalInterface
public interface ActivationStore {
  /**
   * Zeros for {@code count} samples {@code [length, dim]}, the caller's to close.
   *
   * @throws dev.ashlar.tuning.method.TuningException if a file is needed and cannot be made
   */
  Activations zeros(int count, int length, int dim);

  /** Floats in the heap. */
  static ActivationStore heap() {
    return Activations::zeros;
  }

  /** Half the size, in the heap: each value is rounded to bfloat16, so that results change. */
  static ActivationStore bfloat16() {
    return HalfActivations::new;
  }

  /**
   * Floats in temporary files, the same to the last bit as those of {@link #heap}. The files go
   * with the process.
   *
   * @param folder must exist
   */
  static ActivationStore spilled(Path folder) {
    return (count, length, dim) -> new SpilledActivations(folder, count, length, dim);
  }

  /**
   * In the heap what has at most {@code most} bytes, in temporary files what has more.
   *
   * @param folder as for {@link #spilled}
   */
  static ActivationStore heapUpTo(long most, Path folder) {
    ActivationStore small = heap();
    ActivationStore large = spilled(folder);
    return (count, length, dim) ->
        ((long) count * length * dim * Float.BYTES > most ? large : small)
            .zeros(count, length, dim);
  }
}
