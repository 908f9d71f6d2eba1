package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * QuantEase for one layer (Behdin et al., arXiv 2309.01885, algorithm 1): cyclic coordinate descent
 * on the error of the layer's output, each weight going to the grid value nearest to the one that
 * were best, the others being given. Rows are independent; Σ may be singular.
 *
 * <p>Some sweeps are relaxed: weights take their best values unrounded, so that rows leave what is
 * only a minimum for single changes. The last is never one of these. Dead columns, whose input was
 * never other than zero, are rounded to nearest.
 */
public final class QuantEase {
  /** No sweep after this one is relaxed. */
  private static final int LAST_RELAXED = 25;

  private QuantEase() {}

  /**
   * How sweeps are gone through.
   *
   * @param iterations sweeps, at least 1
   * @param keepBest whether the best result of all rounded sweeps, and of the start if there is
   *     one, is given rather than the last
   * @param trace whether the error after each sweep is wanted
   */
  public record Options(int iterations, boolean keepBest, boolean trace) {
    public Options {
      if (iterations < 1) {
        throw new IllegalArgumentException("at least one sweep is needed: " + iterations);
      }
    }
  }

  /**
   * A solved layer.
   *
   * @param matrix the codes
   * @param errors {@code tr((W−Ŵ)Σ(W−Ŵ)ᵀ)} after each sweep, if they were asked for
   */
  public record Solution(QuantizedMatrix matrix, List<Double> errors) {}

  /** Whether sweep {@code t} of {@code iterations} is relaxed; sweeps count from 0. */
  static boolean relaxed(int t, int iterations) {
    return t % 3 == 1 && t != iterations - 1 && t <= LAST_RELAXED;
  }

  /**
   * Quantizes a layer.
   *
   * @param w what is approached, {@code [out, in]}; not changed
   * @param grids of all groups; kept by the result
   * @param start codes to begin with; without them the weights themselves are where it begins
   */
  public static Solution solve(
      Tensor w,
      NormalMatrix normal,
      Grids grids,
      Options options,
      Optional<QuantizedMatrix> start,
      Backend backend) {
    Tensor from = start.map(QuantizedMatrix::dequantize).orElse(null);
    Sweeps sweeps = new Sweeps(w, grids, normal, from, backend);
    List<Double> errors = new ArrayList<>();
    float[] best = null;
    double least = Double.POSITIVE_INFINITY;
    if (options.keepBest && start.isPresent()) {
      least = sweeps.error();
      best = sweeps.value.clone();
    }
    for (int t = 0; t < options.iterations; t++) {
      boolean relaxed = relaxed(t, options.iterations);
      boolean changed = sweeps.sweep(relaxed);
      double error = options.trace || options.keepBest ? sweeps.error() : 0;
      if (options.trace) {
        errors.add(error);
      }
      if (options.keepBest && !relaxed && error < least) {
        least = error;
        best = sweeps.value.clone();
      }
      if (!changed && t > LAST_RELAXED && !options.trace) {
        break;
      }
    }
    byte[] codes = sweeps.codes(best == null ? sweeps.value : best);
    return new Solution(grids.matrix(codes), errors);
  }
}
