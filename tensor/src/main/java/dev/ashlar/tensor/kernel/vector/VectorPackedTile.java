package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * The float product of a few rows of activations with an expanded panel: a tile of sums held in
 * registers.
 */
final class VectorPackedTile {
  /** Rows of activations in a tile. */
  static final int ROWS = 6;

  /** Columns of a panel: with two vectors a row it stays in the first-level cache. */
  static final int DEPTH = 128;

  private VectorPackedTile() {}

  /**
   * {@code c[r, lane] (+)= Σ_k x[r, k] · panel[k, lane]} for six rows.
   *
   * @param rows rows of {@code x} that exist; for those beyond, the last is taken again
   * @param ldx floats from one row of {@code x} to the next
   * @param ldc floats from one row of {@code c} to the next
   * @param first whether to overwrite {@code c}
   */
  static void six(
      int rows,
      float[] x,
      int xAt,
      int ldx,
      float[] panel,
      int depth,
      float[] c,
      int cAt,
      int ldc,
      boolean first) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    FloatVector d0 = a0;
    FloatVector d1 = a0;
    FloatVector e0 = a0;
    FloatVector e1 = a0;
    FloatVector f0 = a0;
    FloatVector f1 = a0;
    int xb = xAt + Math.min(1, rows - 1) * ldx;
    int xc = xAt + Math.min(2, rows - 1) * ldx;
    int xd = xAt + Math.min(3, rows - 1) * ldx;
    int xe = xAt + Math.min(4, rows - 1) * ldx;
    int xf = xAt + Math.min(5, rows - 1) * ldx;
    for (int k = 0; k < depth; k++) {
      FloatVector p = FloatVector.fromArray(FLOATS, panel, k * (2 * LANES));
      FloatVector q = FloatVector.fromArray(FLOATS, panel, k * (2 * LANES) + LANES);
      FloatVector t = FloatVector.broadcast(FLOATS, x[xAt + k]);
      a0 = p.fma(t, a0);
      a1 = q.fma(t, a1);
      t = FloatVector.broadcast(FLOATS, x[xb + k]);
      b0 = p.fma(t, b0);
      b1 = q.fma(t, b1);
      t = FloatVector.broadcast(FLOATS, x[xc + k]);
      c0 = p.fma(t, c0);
      c1 = q.fma(t, c1);
      t = FloatVector.broadcast(FLOATS, x[xd + k]);
      d0 = p.fma(t, d0);
      d1 = q.fma(t, d1);
      t = FloatVector.broadcast(FLOATS, x[xe + k]);
      e0 = p.fma(t, e0);
      e1 = q.fma(t, e1);
      t = FloatVector.broadcast(FLOATS, x[xf + k]);
      f0 = p.fma(t, f0);
      f1 = q.fma(t, f1);
    }
    store(a0, a1, c, cAt, first);
    store(b0, b1, c, cAt + ldc, first);
    store(c0, c1, c, cAt + 2 * ldc, first);
    store(d0, d1, c, cAt + 3 * ldc, first);
    store(e0, e1, c, cAt + 4 * ldc, first);
    store(f0, f1, c, cAt + 5 * ldc, first);
  }

  /** As {@link #six} for three rows. */
  static void three(
      int rows,
      float[] x,
      int xAt,
      int ldx,
      float[] panel,
      int depth,
      float[] c,
      int cAt,
      int ldc,
      boolean first) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    int xb = xAt + Math.min(1, rows - 1) * ldx;
    int xc = xAt + Math.min(2, rows - 1) * ldx;
    for (int k = 0; k < depth; k++) {
      FloatVector p = FloatVector.fromArray(FLOATS, panel, k * (2 * LANES));
      FloatVector q = FloatVector.fromArray(FLOATS, panel, k * (2 * LANES) + LANES);
      FloatVector t = FloatVector.broadcast(FLOATS, x[xAt + k]);
      a0 = p.fma(t, a0);
      a1 = q.fma(t, a1);
      t = FloatVector.broadcast(FLOATS, x[xb + k]);
      b0 = p.fma(t, b0);
      b1 = q.fma(t, b1);
      t = FloatVector.broadcast(FLOATS, x[xc + k]);
      c0 = p.fma(t, c0);
      c1 = q.fma(t, c1);
    }
    store(a0, a1, c, cAt, first);
    store(b0, b1, c, cAt + ldc, first);
    store(c0, c1, c, cAt + 2 * ldc, first);
  }

  private static void store(FloatVector p, FloatVector q, float[] c, int at, boolean first) {
    if (first) {
      p.intoArray(c, at);
      q.intoArray(c, at + LANES);
    } else {
      p.add(FloatVector.fromArray(FLOATS, c, at)).intoArray(c, at);
      q.add(FloatVector.fromArray(FLOATS, c, at + LANES)).intoArray(c, at + LANES);
    }
  }
}
