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
  /**
   * Rows that are gone through together, some columns at a time, so that rows of H are fetched from
   * memory once for all of them.
   */
  private static final int TILE = 16;

  private static final int COLUMNS = 32;

  /** Of a step between codes: what is surely rounded to the code that is there. */
  private static final float NOTHING = 0.498f;

  private CoordinateDescent() {}

  /**
   * Descends in every row until no code of it changes, or for so many sweeps.
   *
   * @param residual R, {@code [out, in]}; kept current
   * @param h {@code [in, in]}, symmetric, with a positive diagonal
   * @param codes {@code [out, in]}; changed
   */
  static void run(float[] residual, float[] h, Grids grids, byte[] codes, int sweeps) {
    int in = grids.groupOfColumn().length;
    float[] inverse = new float[in];
    for (int j = 0; j < in; j++) {
      inverse[j] = 1 / h[j * in + j];
    }
    Parallel.rows(
        codes.length / in,
        TILE,
        (from, to) -> {
          Rows rows = new Rows(h, inverse, grids);
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
    private final int in;

    /** R of each row, by itself: the compiler makes vectors of what it can prove to be apart. */
    private final float[][] r;

    /** Between these R leaves a code where it is; most are, so that most columns cost no more. */
    private final float[][] below;

    private final float[][] above;

    /** A row of H, by itself as well. */
    private final float[] column;

    private final boolean[] open = new boolean[TILE];
    private final boolean[] changed = new boolean[TILE];

    Rows(float[] h, float[] inverse, Grids grids) {
      this.h = h;
      this.inverse = inverse;
      this.grids = grids;
      this.in = inverse.length;
      this.r = new float[TILE][in];
      this.below = new float[TILE][in];
      this.above = new float[TILE][in];
      this.column = new float[in];
    }

    void run(int first, int count, float[] residual, byte[] codes, int sweeps) {
      for (int i = 0; i < count; i++) {
        System.arraycopy(residual, (first + i) * in, r[i], 0, in);
        for (int j = 0; j < in; j++) {
          bounds(first + i, i, j, codes[(first + i) * in + j] & 0xFF);
        }
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

    /** The first and the last code have nowhere to go on one side. */
    private void bounds(int o, int i, int j, int code) {
      float scale = grids.scales()[o * grids.perRow() + grids.groupOfColumn()[j]];
      float least = NOTHING * Math.abs(scale) * h[j * in + j];
      int up = scale > 0 ? grids.grid().maxCode() : 0;
      int down = scale > 0 ? 0 : grids.grid().maxCode();
      above[i][j] = code == up ? Float.POSITIVE_INFINITY : least;
      below[i][j] = code == down ? Float.NEGATIVE_INFINITY : -least;
    }

    /** Rows of which no code changed are left alone from then on. */
    private boolean sweep(int first, int count, byte[] codes) {
      Arrays.fill(changed, false);
      for (int at = 0; at < in; at += COLUMNS) {
        int end = Math.min(in, at + COLUMNS);
        for (int i = 0; i < count; i++) {
          if (open[i]) {
            changed[i] |= columns(first + i, i, at, end, codes);
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

    private boolean columns(int o, int i, int at, int end, byte[] codes) {
      float[] row = r[i];
      float[] low = below[i];
      float[] high = above[i];
      boolean any = false;
      for (int j = at; j < end; j++) {
        if (row[j] > low[j] && row[j] < high[j]) {
          continue;
        }
        float step = step(o, j, row, codes);
        if (step != 0) {
          System.arraycopy(h, j * in, column, 0, in);
          take(step, row);
          bounds(o, i, j, codes[o * in + j] & 0xFF);
          any = true;
        }
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
