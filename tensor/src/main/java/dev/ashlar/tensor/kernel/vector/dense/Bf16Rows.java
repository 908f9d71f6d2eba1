package dev.ashlar.tensor.kernel.vector.dense;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a few rows with a large matrix {@code b[n, k]} of bfloat16, read once, where it lies.
 * A vector of it is taken as 32-bit words of two elements: the upper one is a float when the lower
 * is masked away, the lower one when it is shifted up. So the activations are laid out once as even
 * and odd columns. Widening each half of a vector by itself costs twice as much (HalfBench).
 */
final class Bf16Rows {
  /** Rows of b taken together. */
  private static final int ROWS = 4;

  /** Columns after which the partial sums come round: each takes two neighbours. */
  private static final int ROUND = 2 * Lanes.WAYS;

  /** Multiplications below which another thread does not pay. */
  private static final int GRAIN = 1 << 16;

  private static final int UPPER = 0xFFFF0000;
  private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, F.vectorShape());

  /** Buffers for the activations of the products that a thread asks for. */
  private static final ThreadLocal<float[][]> PAIRED =
      ThreadLocal.withInitial(() -> new float[1][0]);

  private Bf16Rows() {}

  /** {@code y[m, n] = x[m, k] · b[n, k]ᵀ}. */
  static void xwt(int m, int n, int k, float[] x, int xOff, short[] b, float[] y, int yOff) {
    float[][] kept = PAIRED.get();
    if (kept[0].length < m * k) {
      kept[0] = new float[m * k];
    }
    float[] pairs = kept[0];
    for (int i = 0; i < m; i++) {
      pair(k, x, xOff + i * k, pairs, i * k);
    }
    int groups = Math.ceilDiv(n, ROWS);
    int grain = Math.max(1, GRAIN / Math.max(1, m * k * ROWS));
    Parallel.rows(
        groups,
        grain,
        (from, to) -> {
          for (int g = from; g < to; g++) {
            int j = g * ROWS;
            int rows = Math.min(ROWS, n - j);
            for (int i = 0; i < m; i++) {
              int at = yOff + i * n + j;
              if (rows == ROWS) {
                four(k, pairs, i * k, b, j * k, y, at);
              } else {
                for (int r = 0; r < rows; r++) {
                  y[at + r] = one(k, pairs, i * k, b, (j + r) * k);
                }
              }
            }
          }
        });
  }

  /** Even columns of each two vectors, then odd ones; what is left over stays as it is. */
  private static void pair(int k, float[] x, int xAt, float[] to, int toAt) {
    int whole = k - k % ROUND;
    for (int p = 0; p < whole; p += 2 * L) {
      for (int i = 0; i < L; i++) {
        to[toAt + p + i] = x[xAt + p + 2 * i];
        to[toAt + p + L + i] = x[xAt + p + 2 * i + 1];
      }
    }
    System.arraycopy(x, xAt + whole, to, toAt + whole, k - whole);
  }

  /** Adds the products of one vector of b with even and odd columns, in this order. */
  private static FloatVector pairs(
      FloatVector even, FloatVector odd, short[] b, int bAt, FloatVector sum) {
    IntVector w = ShortVector.fromArray(S, b, bAt).reinterpretAsInts();
    FloatVector lower = w.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
    FloatVector upper = w.and(UPPER).reinterpretAsFloats();
    return odd.fma(upper, even.fma(lower, sum));
  }

  private static FloatVector pairs(float[] x, int xAt, short[] b, int bAt, FloatVector sum) {
    FloatVector even = FloatVector.fromArray(F, x, xAt);
    FloatVector odd = FloatVector.fromArray(F, x, xAt + L);
    return pairs(even, odd, b, bAt, sum);
  }

  private static float scalar(short b) {
    return Float.intBitsToFloat(b << Short.SIZE);
  }

  /** {@code y[0..3] = x · b_r} for four rows of b, each summed as {@link #one} does. */
  private static void four(int k, float[] x, int xAt, short[] b, int b0, float[] y, int yAt) {
    int b1 = b0 + k;
    int b2 = b0 + 2 * k;
    int b3 = b0 + 3 * k;
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
    for (; p <= k - ROUND; p += ROUND) {
      FloatVector even = FloatVector.fromArray(F, x, xAt + p);
      FloatVector odd = FloatVector.fromArray(F, x, xAt + p + L);
      s0 = pairs(even, odd, b, b0 + p, s0);
      s1 = pairs(even, odd, b, b1 + p, s1);
      s2 = pairs(even, odd, b, b2 + p, s2);
      s3 = pairs(even, odd, b, b3 + p, s3);
      if (L < 16) {
        even = FloatVector.fromArray(F, x, xAt + p + 2 * L);
        odd = FloatVector.fromArray(F, x, xAt + p + 2 * L + L);
        t0 = pairs(even, odd, b, b0 + p + 2 * L, t0);
        t1 = pairs(even, odd, b, b1 + p + 2 * L, t1);
        t2 = pairs(even, odd, b, b2 + p + 2 * L, t2);
        t3 = pairs(even, odd, b, b3 + p + 2 * L, t3);
      }
      if (L < 8) {
        even = FloatVector.fromArray(F, x, xAt + p + 4 * L);
        odd = FloatVector.fromArray(F, x, xAt + p + 4 * L + L);
        u0 = pairs(even, odd, b, b0 + p + 4 * L, u0);
        u1 = pairs(even, odd, b, b1 + p + 4 * L, u1);
        u2 = pairs(even, odd, b, b2 + p + 4 * L, u2);
        u3 = pairs(even, odd, b, b3 + p + 4 * L, u3);
        even = FloatVector.fromArray(F, x, xAt + p + 6 * L);
        odd = FloatVector.fromArray(F, x, xAt + p + 6 * L + L);
        v0 = pairs(even, odd, b, b0 + p + 6 * L, v0);
        v1 = pairs(even, odd, b, b1 + p + 6 * L, v1);
        v2 = pairs(even, odd, b, b2 + p + 6 * L, v2);
        v3 = pairs(even, odd, b, b3 + p + 6 * L, v3);
      }
    }
    float d0 = Lanes.sum(s0, t0, u0, v0);
    float d1 = Lanes.sum(s1, t1, u1, v1);
    float d2 = Lanes.sum(s2, t2, u2, v2);
    float d3 = Lanes.sum(s3, t3, u3, v3);
    for (; p < k; p++) {
      float u = x[xAt + p];
      d0 = Math.fma(u, scalar(b[b0 + p]), d0);
      d1 = Math.fma(u, scalar(b[b1 + p]), d1);
      d2 = Math.fma(u, scalar(b[b2 + p]), d2);
      d3 = Math.fma(u, scalar(b[b3 + p]), d3);
    }
    y[yAt] = d0;
    y[yAt + 1] = d1;
    y[yAt + 2] = d2;
    y[yAt + 3] = d3;
  }

  private static float one(int k, float[] x, int xAt, short[] b, int bAt) {
    FloatVector s = FloatVector.zero(F);
    FloatVector t = s;
    FloatVector u = s;
    FloatVector v = s;
    int p = 0;
    for (; p <= k - ROUND; p += ROUND) {
      s = pairs(x, xAt + p, b, bAt + p, s);
      if (L < 16) {
        t = pairs(x, xAt + p + 2 * L, b, bAt + p + 2 * L, t);
      }
      if (L < 8) {
        u = pairs(x, xAt + p + 4 * L, b, bAt + p + 4 * L, u);
        v = pairs(x, xAt + p + 6 * L, b, bAt + p + 6 * L, v);
      }
    }
    float dot = Lanes.sum(s, t, u, v);
    for (; p < k; p++) {
      dot = Math.fma(x[xAt + p], scalar(b[bAt + p]), dot);
    }
    return dot;
  }
}
