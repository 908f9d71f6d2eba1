package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tuning.layerwise.solver.Grids;
import java.util.Arrays;

/**
 * Coordinate descent on the codes: with {@code R = (W − Ŵ)·H} at hand, the best value of one weight
 * with all others fixed is {@code ŵ_j + R_j / H_jj}; it is rounded to the grid, and a code that
 * changes takes a row of H off R. The error {@code tr((W−Ŵ)H(W−Ŵ)ᵀ)} never rises. Columns whose
 * code stays cost nothing, so that a good start makes it cheap (QuantEase, arXiv 2309.01885, is the
 * same from a start at the float weights).
 */
final class CoordinateDescent {
  /** Rows that are gone through together, so that a row of H is fetched once for all of them. */
  private static final int TILE = 8;

  /** Of a step between codes: what is surely rounded to the code that is there. */
  private static final float NOTHING = 0.498f;

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
        TILE,
        (from, to) -> {
          Rows rows = new Rows(h, inverse, grids, order);
          for (int first = from; first < to; first += TILE) {
            rows.run(first, Math.min(TILE, to - first), residual, codes, sweeps);
          }
        });
  }

  /** Some rows at a time, of which each is visited as if it were alone. */
  private static final class Rows {
    private final float[] h;
    private final float[] inverse;
    private final Grids grids;
    private final int[] order;
    private final int in;

    /** R of each row, by itself: the compiler makes vectors of what it can prove to be apart. */
    private final float[][] r;

    /** Magnitudes of R below which a code stays; most are, so that most columns cost no more. */
    private final float[][] least;

    /** A row of H, which rows that change a code of one column share in the first-level cache. */
    private final float[] column;

    private final boolean[] open = new boolean[TILE];
    private final boolean[] changed = new boolean[TILE];

    Rows(float[] h, float[] inverse, Grids grids, int[] order) {
      this.h = h;
      this.inverse = inverse;
      this.grids = grids;
      this.order = order;
      this.in = order.length;
      this.r = new float[TILE][in];
      this.least = new float[TILE][in];
      this.column = new float[in];
    }

    void run(int first, int count, float[] residual, byte[] codes, int sweeps) {
      for (int i = 0; i < count; i++) {
        System.arraycopy(residual, (first + i) * in, r[i], 0, in);
        bounds(first + i, least[i]);
        open[i] = true;
      }
      boolean any = true;
      for (int t = 0; t < sweeps && any; t++) {
        any = sweep(first, count, codes);
      }
      for (int i = 0; i < count; i++) {
        System.arraycopy(r[i], 0, residual, (first + i) * in, in);
      }
    }

    private void bounds(int o, float[] row) {
      int[] groups = grids.groupOfColumn();
      for (int j = 0; j < in; j++) {
        float scale = Math.abs(grids.scales()[o * grids.perRow() + groups[j]]);
        row[j] = NOTHING * scale * h[j * in + j];
      }
    }

    /** Rows of which no code changed are left alone from then on. */
    private boolean sweep(int first, int count, byte[] codes) {
      Arrays.fill(changed, false);
      for (int j : order) {
        boolean loaded = false;
        for (int i = 0; i < count; i++) {
          if (!open[i] || Math.abs(r[i][j]) < least[i][j]) {
            continue;
          }
          float step = step(first + i, j, r[i], codes);
          if (step != 0) {
            if (!loaded) {
              System.arraycopy(h, j * in, column, 0, in);
              loaded = true;
            }
            take(step, r[i]);
            changed[i] = true;
          }
        }
      }
      boolean any = false;
      for (int i = 0; i < count; i++) {
        open[i] = changed[i];
        any |= changed[i];
      }
      return any;
    }

    /** By how much the weight at column {@code j} of a row changes; its code is changed. */
    private float step(int o, int j, float[] row, byte[] codes) {
      int at = o * grids.perRow() + grids.groupOfColumn()[j];
      float scale = grids.scales()[at];
      int code = codes[o * in + j] & 0xFF;
      float move = row[j] * inverse[j] / scale;
      int next = Math.clamp((long) Math.rint(code + move), 0, grids.grid().maxCode());
      if (next == code) {
        return 0;
      }
      float step = scale * (next - code);
      // What is won is step·(2R − step·H_jj); rounding may leave it at nothing.
      if (!(step * (2 * row[j] - step * h[j * in + j]) > 0)) {
        return 0;
      }
      codes[o * in + j] = (byte) next;
      return step;
    }

    private void take(float step, float[] row) {
      for (int k = 0; k < in; k++) {
        row[k] -= step * column[k];
      }
    }
  }
}
