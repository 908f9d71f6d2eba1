package dev.ashlar.tensor.kernel.vector.dense;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * Products of a few rows with a large matrix {@code b[n, k]}, as in decoding: b is read once, where
 * it lies, four of its rows at a time. Packing would cost more than the product.
 */
final class FewRows {
  /**
   * Rows up to which this is faster than packing. Up to 16 it is too, but walks of calibration
   * samples, which are floats, would then depend on how many of them go at once.
   */
  static final int MOST = 4;

  /** Rows of b taken together. */
  private static final int ROWS = 4;

  /** Multiplications below which another thread does not pay. */
  private static final int GRAIN = 1 << 16;

  private FewRows() {}

  /** {@code c[m,n] (+)= a[m,k] · b[n,k]ᵀ}. */
  static void xwt(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    int groups = (n + ROWS - 1) / ROWS;
    int grain = Math.max(1, GRAIN / Math.max(1, m * k * ROWS));
    Parallel.rows(
        groups,
        grain,
        (from, to) -> {
          for (int g = from; g < to; g++) {
            int j = g * ROWS;
            for (int i = 0; i < m; i++) {
              int at = cOff + i * ldc + j;
              int row = aOff + i * lda;
              if (j + ROWS <= n) {
                four(k, a, row, b, bOff + j * ldb, ldb, c, at, accumulate);
              } else {
                for (int r = j; r < n; r++) {
                  float dot = Lanes.dot(k, a, row, b, bOff + r * ldb);
                  c[at + r - j] = accumulate ? c[at + r - j] + dot : dot;
                }
              }
            }
          }
        });
  }

  /** {@code c[0..3] (+)= a · b_r} for four rows of b, each summed as {@link Lanes#dot} does. */
  private static void four(
      int k, float[] a, int aOff, float[] b, int bOff, int ldb, float[] c, int cOff, boolean add) {
    int b1 = bOff + ldb;
    int b2 = bOff + 2 * ldb;
    int b3 = bOff + 3 * ldb;
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector t0 = s0;
    FloatVector t1 = s0;
    FloatVector t2 = s0;
    FloatVector t3 = s0;
    FloatVector u0 = s0;
    FloatVector u1 = s0;
    FloatVector u2 = s0;
    FloatVector u3 = s0;
    FloatVector v0 = s0;
    FloatVector v1 = s0;
    FloatVector v2 = s0;
    FloatVector v3 = s0;
    int p = 0;
    for (; p <= k - WAYS; p += WAYS) {
      FloatVector x = FloatVector.fromArray(F, a, aOff + p);
      s0 = x.fma(FloatVector.fromArray(F, b, bOff + p), s0);
      s1 = x.fma(FloatVector.fromArray(F, b, b1 + p), s1);
      s2 = x.fma(FloatVector.fromArray(F, b, b2 + p), s2);
      s3 = x.fma(FloatVector.fromArray(F, b, b3 + p), s3);
      if (L < 16) {
        x = FloatVector.fromArray(F, a, aOff + p + L);
        t0 = x.fma(FloatVector.fromArray(F, b, bOff + p + L), t0);
        t1 = x.fma(FloatVector.fromArray(F, b, b1 + p + L), t1);
        t2 = x.fma(FloatVector.fromArray(F, b, b2 + p + L), t2);
        t3 = x.fma(FloatVector.fromArray(F, b, b3 + p + L), t3);
      }
      if (L < 8) {
        x = FloatVector.fromArray(F, a, aOff + p + 2 * L);
        u0 = x.fma(FloatVector.fromArray(F, b, bOff + p + 2 * L), u0);
        u1 = x.fma(FloatVector.fromArray(F, b, b1 + p + 2 * L), u1);
        u2 = x.fma(FloatVector.fromArray(F, b, b2 + p + 2 * L), u2);
        u3 = x.fma(FloatVector.fromArray(F, b, b3 + p + 2 * L), u3);
        x = FloatVector.fromArray(F, a, aOff + p + 3 * L);
        v0 = x.fma(FloatVector.fromArray(F, b, bOff + p + 3 * L), v0);
        v1 = x.fma(FloatVector.fromArray(F, b, b1 + p + 3 * L), v1);
        v2 = x.fma(FloatVector.fromArray(F, b, b2 + p + 3 * L), v2);
        v3 = x.fma(FloatVector.fromArray(F, b, b3 + p + 3 * L), v3);
      }
    }
    if (L < 8) {
      s0 = s0.add(u0);
      t0 = t0.add(v0);
      s1 = s1.add(u1);
      t1 = t1.add(v1);
      s2 = s2.add(u2);
      t2 = t2.add(v2);
      s3 = s3.add(u3);
      t3 = t3.add(v3);
    }
    if (L < 16) {
      s0 = s0.add(t0);
      s1 = s1.add(t1);
      s2 = s2.add(t2);
      s3 = s3.add(t3);
    }
    float d0 = Lanes.sum(s0);
    float d1 = Lanes.sum(s1);
    float d2 = Lanes.sum(s2);
    float d3 = Lanes.sum(s3);
    for (; p < k; p++) {
      float x = a[aOff + p];
      d0 = Math.fma(x, b[bOff + p], d0);
      d1 = Math.fma(x, b[b1 + p], d1);
      d2 = Math.fma(x, b[b2 + p], d2);
      d3 = Math.fma(x, b[b3 + p], d3);
    }
    c[cOff] = add ? c[cOff] + d0 : d0;
    c[cOff + 1] = add ? c[cOff + 1] + d1 : d1;
    c[cOff + 2] = add ? c[cOff + 2] + d2 : d2;
    c[cOff + 3] = add ? c[cOff + 3] + d3 : d3;
  }
}
