package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * The search for where to clip weights: each group's range is shrunk in steps of a twentieth down
 * to its half, and what changes the group's part of the outputs least is kept (AWQ's reference
 * program). Tokens enter by their second moments, as in {@link FactorSearch}.
 */
final class Clipping {
  private static final int GRAIN = 1 << 12;
  private static final int STEPS = 10;
  private static final float STEP = 1f / 20;

  private Clipping() {}

  /**
   * The weights, clipped.
   *
   * @param w {@code [out, in]}, not changed
   * @param moments of the input, {@code [in, in]}
   */
  static Tensor clipped(Tensor w, IntegerGrid grid, float[] moments, Backend backend) {
    int out = w.dim(0);
    int in = w.dim(1);
    int size = grid.effectiveGroup(in);
    int groups = grid.groups(in);
    float[] best = w.data().clone();
    double[] least = new double[out * groups];
    for (int step = 0; step < STEPS; step++) {
      float[] candidate = shrunk(w.data(), out, in, size, 1 - step * STEP, grid.symmetric());
      float[] delta = rounded(candidate, out, in, grid, backend);
      subtract(delta, w.data());
      boolean first = step == 0;
      for (int g = 0; g < groups; g++) {
        int at = g * size;
        int n = Math.min(size, in - at);
        float[] product = new float[out * n];
        backend
            .matMul()
            .xw(out, n, n, delta, at, in, moments, at * in + at, in, product, 0, n, false);
        for (int r = 0; r < out; r++) {
          double e = 0;
          for (int k = 0; k < n; k++) {
            e += (double) delta[r * in + at + k] * product[r * n + k];
          }
          if (first || e < least[r * groups + g]) {
            least[r * groups + g] = e;
            System.arraycopy(candidate, r * in + at, best, r * in + at, n);
          }
        }
      }
    }
    return Tensor.of(best, out, in);
  }

  private static float[] shrunk(
      float[] w, int out, int in, int size, float part, boolean symmetric) {
    float[] clipped = new float[w.length];
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            for (int first = r * in; first < (r + 1) * in; first += size) {
              int end = Math.min((r + 1) * in, first + size);
              float low = 0;
              float high = 0;
              for (int i = first; i < end; i++) {
                low = Math.min(low, w[i]);
                high = Math.max(high, w[i]);
              }
              float most = Math.max(-low, high);
              for (int i = first; i < end; i++) {
                clipped[i] =
                    Math.clamp(
                        w[i], part * (symmetric ? -most : low), part * (symmetric ? most : high));
              }
            }
          }
        });
    return clipped;
  }

  private static float[] rounded(float[] w, int out, int in, IntegerGrid grid, Backend backend) {
    float[] rounded = new float[w.length];
    Nearest nearest = new Nearest(w, out, in, grid, backend);
    Parallel.rows(out, Math.max(1, GRAIN / in), (from, to) -> nearest.rows(from, to, rounded));
    return rounded;
  }

  private static void subtract(float[] from, float[] what) {
    for (int i = 0; i < from.length; i++) {
      from[i] -= what[i];
    }
  }
}
