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
    int whole = k - k % (2 * L);
    for (int p = 0; p < whole; p += 2 * L) {
      for (int i = 0; i < L; i++) {
        to[toAt + p + i] = x[xAt + p + 2 * i];
        to[toAt + p + L + i] = x[xAt + p + 2 * i + 1];
      }
    }
    System.arraycopy(x, xAt + whole, to, toAt + whole, k - whole);
  }

  private static IntVector words(short[] b, int at) {
    return ShortVector.fromArray(S, b, at).reinterpretAsInts();
  }

  private static FloatVector even(IntVector words) {
    return words.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
  }

  private static FloatVector odd(IntVector words) {
    return words.and(UPPER).reinterpretAsFloats();
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
    int p = 0;
    for (; p <= k - 2 * L; p += 2 * L) {
      FloatVector u = FloatVector.fromArray(F, x, xAt + p);
      FloatVector v = FloatVector.fromArray(F, x, xAt + p + L);
      IntVector w = words(b, b0 + p);
      s0 = u.fma(even(w), s0);
      t0 = v.fma(odd(w), t0);
      w = words(b, b1 + p);
      s1 = u.fma(even(w), s1);
      t1 = v.fma(odd(w), t1);
      w = words(b, b2 + p);
      s2 = u.fma(even(w), s2);
      t2 = v.fma(odd(w), t2);
      w = words(b, b3 + p);
      s3 = u.fma(even(w), s3);
      t3 = v.fma(odd(w), t3);
    }
    float d0 = Lanes.sum(s0.add(t0));
    float d1 = Lanes.sum(s1.add(t1));
    float d2 = Lanes.sum(s2.add(t2));
    float d3 = Lanes.sum(s3.add(t3));
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
    int p = 0;
    for (; p <= k - 2 * L; p += 2 * L) {
      IntVector w = words(b, bAt + p);
      s = FloatVector.fromArray(F, x, xAt + p).fma(even(w), s);
      t = FloatVector.fromArray(F, x, xAt + p + L).fma(odd(w), t);
    }
    float dot = Lanes.sum(s.add(t));
    for (; p < k; p++) {
      dot = Math.fma(x[xAt + p], scalar(b[bAt + p]), dot);
    }
    return dot;
  }
}
