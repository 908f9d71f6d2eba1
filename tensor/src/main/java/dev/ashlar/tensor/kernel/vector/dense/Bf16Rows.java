package dev.ashlar.tensor.kernel.vector.dense;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.Parallel;
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

  /** Columns after which the partial sums come round: those of even ones, then of odd ones. */
  private static final int ROUND = HalfRows.SUMS;

  /** Multiplications below which another thread does not pay. */
  private static final int GRAIN = 1 << 16;

  private static final int UPPER = 0xFFFF0000;
  private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, F.vectorShape());

  /** Buffers for the activations of the products that a thread asks for. */
  private static final ThreadLocal<float[][]> PAIRED =
      ThreadLocal.withInitial(() -> new float[1][0]);

  /** A thread's partial sums, of four rows of b. */
  private static final ThreadLocal<float[]> SUMS =
      ThreadLocal.withInitial(() -> new float[ROWS * ROUND]);

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
          float[] sums = SUMS.get();
          for (int g = from; g < to; g++) {
            int j = g * ROWS;
            int rows = Math.min(ROWS, n - j);
            for (int i = 0; i < m; i++) {
              int at = yOff + i * n + j;
              if (rows == ROWS) {
                four(k, pairs, i * k, b, j * k, sums, y, at);
              } else {
                for (int r = 0; r < rows; r++) {
                  y[at + r] = one(k, pairs, i * k, b, (j + r) * k, sums);
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
  private static void four(
      int k, float[] x, int xAt, short[] b, int b0, float[] sums, float[] y, int yAt) {
    int whole = k - k % ROUND;
    for (int i = 0; i < ROUND; i += 2 * L) {
      four(whole - i, k, x, xAt + i, b, b0 + i, sums, i / 2);
    }
    for (int r = 0; r < ROWS; r++) {
      y[yAt + r] = rest(whole, k, x, xAt, b, b0 + r * k, HalfRows.sum(sums, r * ROUND));
    }
  }

  /**
   * Two of the vectors of partial sums, over every {@link #ROUND} of {@code n} columns. A round as
   * a whole is too much code: beyond a limit the compiler boxes every vector (HalfBench, 256 bits:
   * a tenth of the speed).
   */
  private static void four(
      int n, int k, float[] x, int xAt, short[] b, int b0, float[] sums, int at) {
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
    for (int p = 0; p < n; p += ROUND) {
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
    s0.intoArray(sums, at);
    s1.intoArray(sums, at + ROUND);
    s2.intoArray(sums, at + 2 * ROUND);
    s3.intoArray(sums, at + 3 * ROUND);
    t0.intoArray(sums, at + ROUND / 2);
    t1.intoArray(sums, at + 3 * ROUND / 2);
    t2.intoArray(sums, at + 5 * ROUND / 2);
    t3.intoArray(sums, at + 7 * ROUND / 2);
  }

  private static float one(int k, float[] x, int xAt, short[] b, int bAt, float[] sums) {
    int whole = k - k % ROUND;
    for (int i = 0; i < ROUND; i += 2 * L) {
      FloatVector s = FloatVector.zero(F);
      FloatVector t = s;
      for (int p = i; p < whole; p += ROUND) {
        IntVector w = words(b, bAt + p);
        s = FloatVector.fromArray(F, x, xAt + p).fma(even(w), s);
        t = FloatVector.fromArray(F, x, xAt + p + L).fma(odd(w), t);
      }
      s.intoArray(sums, i / 2);
      t.intoArray(sums, i / 2 + ROUND / 2);
    }
    return rest(whole, k, x, xAt, b, bAt, HalfRows.sum(sums, 0));
  }

  /** Adds the products from column {@code p} on. */
  private static float rest(int p, int k, float[] x, int xAt, short[] b, int bAt, float sum) {
    float dot = sum;
    for (int i = p; i < k; i++) {
      dot = Math.fma(x[xAt + i], scalar(b[bAt + i]), dot);
    }
    return dot;
  }
}
