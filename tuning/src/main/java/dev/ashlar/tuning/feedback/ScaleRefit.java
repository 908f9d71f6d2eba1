package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.method.Scales;

/**
 * Fits scales to codes, group after group: with all else fixed the error is least at {@code s +=
 * (R_G·c) / (cᵀ H_GG c)}, c the codes of the group less their zero point. A scale that its type
 * rounds to something worse is left as it was, so that the error never rises.
 */
final class ScaleRefit {
  private static final int GRAIN = 16;

  private ScaleRefit() {}

  /**
   * Refits all scales once.
   *
   * @param residual R = (W − Ŵ)·H, {@code [out, in]}; kept current
   * @param h {@code [in, in]}
   * @param grids of consecutive columns; their scales are changed
   * @param codes {@code [out, in]}
   */
  static void run(float[] residual, float[] h, Grids grids, byte[] codes, Backend backend) {
    int in = grids.groupOfColumn().length;
    int out = codes.length / in;
    int size = grids.grid().effectiveGroup(in);
    MatMulKernel kernel = backend.matMul();
    float[] c = new float[Math.multiplyExact(out, size)];
    float[] product = new float[c.length];
    for (int group = 0; group < grids.perRow(); group++) {
      int first = group * size;
      int count = Math.min(size, in - first);
      int g = group;
      Parallel.rows(out, GRAIN, (from, to) -> meanings(grids, g, codes, c, from, to));
      int corner = first * in + first;
      kernel.xw(out, count, count, c, 0, size, h, corner, in, product, 0, size, false);
      Parallel.rows(
          out,
          GRAIN,
          (from, to) -> {
            for (int o = from; o < to; o++) {
              float step = refit(o, g, residual, product, grids, c);
              for (int j = 0; j < count; j++) {
                c[o * size + j] *= -step;
              }
            }
          });
      kernel.xw(out, in, count, c, 0, size, h, first * in, in, residual, 0, in, true);
    }
  }

  /** Codes of a group less their zero point, {@code [out, size]}. */
  private static void meanings(Grids grids, int group, byte[] codes, float[] c, int from, int to) {
    int in = grids.groupOfColumn().length;
    int size = grids.grid().effectiveGroup(in);
    int first = group * size;
    int count = Math.min(size, in - first);
    for (int o = from; o < to; o++) {
      int zero = grids.zeros()[o * grids.perRow() + group] & 0xFF;
      for (int j = 0; j < count; j++) {
        c[o * size + j] = (codes[o * in + first + j] & 0xFF) - zero;
      }
    }
  }

  /** By how much the scale of a group changes; it is changed. */
  private static float refit(
      int o, int group, float[] residual, float[] product, Grids grids, float[] c) {
    int in = grids.groupOfColumn().length;
    int size = grids.grid().effectiveGroup(in);
    int first = group * size;
    int count = Math.min(size, in - first);
    double above = 0;
    double below = 0;
    for (int j = 0; j < count; j++) {
      float x = c[o * size + j];
      above += (double) x * residual[o * in + first + j];
      below += (double) x * product[o * size + j];
    }
    if (!(below > 0)) {
      return 0;
    }
    int at = o * grids.perRow() + group;
    float before = grids.scales()[at];
    float after = Scales.rounded(grids.grid(), (float) (before + above / below));
    double step = (double) after - before;
    // What is won is step·(2·above − step·below).
    if (!Float.isFinite(after) || !(step * (2 * above - step * below) > 0)) {
      return 0;
    }
    grids.scales()[at] = after;
    return (float) step;
  }
}
