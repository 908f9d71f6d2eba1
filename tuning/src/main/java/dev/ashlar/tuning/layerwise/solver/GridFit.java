package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.method.Scales;

/**
 * How the range of a group becomes its scale and zero point, as GPTQ, QuantEase and their peers do
 * it: {@code s = (hi − lo)/M}, {@code z = rint(−lo/s)}, zero being always within the range;
 * symmetric grids have {@code z = 2^(bits−1)} and {@code lo = −hi}. In float, in this order of
 * operations, so that codes are those of the peers bit by bit.
 *
 * <p>Unlike {@link dev.ashlar.tensor.affine.Affine}'s, symmetric scales are positive and the range
 * is {@code 2^bits − 1} steps wide.
 *
 * @param grid bits, groups and the type of scales
 * @param mirrored whether a symmetric range has both signs even where all weights of a group are
 *     positive; the peers leave {@code lo = 0} there, so that the upper half is cut off
 * @param shrinkNorm 0 to take the range as it is; else the range among 80, from itself down to a
 *     fifth, with the least {@code Σ|value − w|^shrinkNorm} (the peers' {@code mse}; theirs is 2.4)
 */
public record GridFit(IntegerGrid grid, boolean mirrored, double shrinkNorm) {
  private static final int SHRINKS = 80;
  private static final float STEPS = 100;

  public GridFit {
    if (!(shrinkNorm >= 0) || Double.isInfinite(shrinkNorm)) {
      throw new IllegalArgumentException("the exponent must not be negative: " + shrinkNorm);
    }
  }

  /** Ranges as they are, symmetric ones with both signs. */
  public GridFit(IntegerGrid grid) {
    this(grid, true, 0);
  }

  /**
   * The grid of one group.
   *
   * @param w the group's weights: {@code count} of them from {@code off}
   * @param scales receives the scale at {@code to}
   * @param zeros receives the zero point at {@code to}
   */
  public void fit(float[] w, int off, int count, float[] scales, byte[] zeros, int to) {
    float lo = 0;
    float hi = 0;
    for (int i = off; i < off + count; i++) {
      lo = Math.min(lo, w[i]);
      hi = Math.max(hi, w[i]);
    }
    range(lo, hi, scales, zeros, to);
    if (shrinkNorm > 0 && lo < hi) {
      shrink(w, off, count, scales, zeros, to, lo, hi);
    }
  }

  /**
   * The grid of a range.
   *
   * @param low at most 0
   * @param high at least 0
   */
  public void range(float low, float high, float[] scales, byte[] zeros, int to) {
    float lo = low;
    float hi = high;
    if (grid.symmetric()) {
      hi = Math.max(Math.abs(lo), hi);
      if (lo < 0 || mirrored) {
        lo = -hi;
      }
    }
    if (lo == 0 && hi == 0) {
      lo = -1;
      hi = 1;
    }
    set(lo, hi, scales, zeros, to);
  }

  private void set(float lo, float hi, float[] scales, byte[] zeros, int to) {
    float s = Scales.rounded(grid, (hi - lo) / grid.maxCode());
    scales[to] = s;
    zeros[to] =
        grid.symmetric()
            ? (byte) grid.middle()
            : (byte) Math.clamp((int) Math.rint(-lo / s), 0, grid.maxCode());
  }

  private void shrink(
      float[] w, int off, int count, float[] scales, byte[] zeros, int to, float low, float high) {
    double best = Double.POSITIVE_INFINITY;
    float bestScale = scales[to];
    byte bestZero = zeros[to];
    for (int i = 0; i < SHRINKS; i++) {
      float t = 1 - i / STEPS;
      range(t * low, t * high, scales, zeros, to);
      double error = error(w, off, count, scales[to], zeros[to] & 0xFF, best);
      if (error < best) {
        best = error;
        bestScale = scales[to];
        bestZero = zeros[to];
      }
    }
    scales[to] = bestScale;
    zeros[to] = bestZero;
  }

  /** The error of a grid, or more than {@code enough} as soon as that is certain. */
  private double error(float[] w, int off, int count, float scale, int zero, double enough) {
    double sum = 0;
    for (int i = off; i < off + count && sum < enough; i++) {
      sum += Math.pow(Math.abs(scale * (code(w[i], scale, zero) - zero) - w[i]), shrinkNorm);
    }
    return sum;
  }

  /** The code of {@code v}: {@code clamp(rint(v/scale) + zero, 0, M)}, as a float. */
  public float code(float v, float scale, int zero) {
    return Math.clamp((float) Math.rint(v / scale) + zero, 0f, grid.maxCode());
  }
}
