package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tuning.layerwise.solver.Grids;

/**
 * Coordinate descent on the codes: with {@code R = (W − Ŵ)·H} at hand, the best value of one weight
 * with all others fixed is {@code ŵ_j + R_j / H_jj}; it is rounded to the grid, and a code that
 * changes takes a row of H off R. The error {@code tr((W−Ŵ)H(W−Ŵ)ᵀ)} never rises. Columns whose
 * code stays cost nothing, so that a good start makes it cheap (QuantEase, arXiv 2309.01885, is the
 * same from a start at the float weights).
 */
final class CoordinateDescent {
  private static final int GRAIN = 4;

  private CoordinateDescent() {}

  /**
   * Descends in every row until no code of it changes, or for so many sweeps.
   *
   * @param residual R, {@code [out, in]}; kept current
   * @param h {@code [in, in]}, symmetric, with a positive diagonal
   * @param codes {@code [out, in]}; changed
   * @param order in which columns are visited
   */
  static void run(float[] residual, float[] h, Grids grids, byte[] codes, int[] order, int sweeps) {
    int in = order.length;
    float[] inverse = new float[in];
    for (int j = 0; j < in; j++) {
      inverse[j] = 1 / h[j * in + j];
    }
    Parallel.rows(
        codes.length / in,
        GRAIN,
        (from, to) -> {
          Row row = new Row(h, inverse, grids, order);
          for (int o = from; o < to; o++) {
            row.run(o, residual, codes, sweeps);
          }
        });
  }

  /** One row at a time. */
  private static final class Row {
    private final float[] h;
    private final float[] inverse;
    private final Grids grids;
    private final int[] order;
    private final int in;

    /** R of the row, by itself: the compiler makes vectors of what it can prove to be apart. */
    private final float[] r;

    Row(float[] h, float[] inverse, Grids grids, int[] order) {
      this.h = h;
      this.inverse = inverse;
      this.grids = grids;
      this.order = order;
      this.in = order.length;
      this.r = new float[in];
    }

    void run(int o, float[] residual, byte[] codes, int sweeps) {
      System.arraycopy(residual, o * in, r, 0, in);
      boolean changed = true;
      for (int t = 0; t < sweeps && changed; t++) {
        changed = sweep(o, codes);
      }
      System.arraycopy(r, 0, residual, o * in, in);
    }

    private boolean sweep(int o, byte[] codes) {
      boolean changed = false;
      int most = grids.grid().maxCode();
      int first = o * grids.perRow();
      for (int j : order) {
        int at = first + grids.groupOfColumn()[j];
        float scale = grids.scales()[at];
        int code = codes[o * in + j] & 0xFF;
        float move = r[j] * inverse[j] / scale;
        int next = Math.clamp((long) Math.rint(code + move), 0, most);
        if (next != code) {
          float step = scale * (next - code);
          // What is won is step·(2R − step·H_jj); rounding may leave it at nothing.
          if (step * (2 * r[j] - step * h[j * in + j]) > 0) {
            codes[o * in + j] = (byte) next;
            take(step, j * in);
            changed = true;
          }
        }
      }
      return changed;
    }

    private void take(float step, int at) {
      for (int k = 0; k < in; k++) {
        r[k] -= step * h[at + k];
      }
    }
  }
}
