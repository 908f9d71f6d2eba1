package dev.ashlar.tensor.kernel.vector.dense;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ConversionKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.pointwise.VectorConversion;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Products of a few rows with a large matrix of half precision. Four of its rows are widened piece
 * by piece, each piece small enough to be in the first cache when it is multiplied, so that memory
 * is read at two bytes a weight; sums wait in between in memory. The Vector API has no conversion
 * of half precision; plain loops become the instruction.
 */
final class HalfRows {
  /**
   * Rows up to which this is used. It is faster than packing (HalfBench: with 5 rows 2.5 to 3.6
   * times as fast from memory, with 16 rows 1.1 to 1.8, with 24 0.9 to 1.3), but from 16 rows on
   * callers count on sums that do not depend on how many more there are.
   */
  static final int MOST = 15;

  /** Rows of the matrix taken together. */
  private static final int ROWS = 4;

  /** Columns widened at a time: with four rows half of a first-level cache. */
  private static final int PIECE = 1024;

  /**
   * Partial sums of a product: two vectors of 512 bits, so that adding need not wait for adding.
   */
  static final int SUMS = 2 * WAYS;

  /** Those of one row of x that wait. */
  private static final int WAITING = ROWS * SUMS;

  /** Multiplications below which another thread does not pay. */
  private static final int GRAIN = 1 << 16;

  private static final ConversionKernel CONVERSION = new VectorConversion();

  /** A thread's own buffers. */
  private static final class Scratch {
    final float[] rows = new float[ROWS * PIECE];
    final float[] sums = new float[MOST * WAITING];
  }

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private HalfRows() {}

  /** Widens {@code n} elements of {@code w} from the {@code from}-th of all. */
  static void widen(int n, HalfMatrix w, int from, float[] to, int toAt) {
    if (w.type() == DType.BF16) {
      CONVERSION.widenBf16(n, w.bits(), from, to, toAt);
    } else {
      CONVERSION.widenF16(n, w.bits(), from, to, toAt);
    }
  }

  /** {@code y[m, out] = x[m, in] · wᵀ} for {@code m} up to {@link #MOST}. */
  static void xwt(int m, float[] x, int xOff, HalfMatrix w, float[] y, int yOff) {
    if (w.type() == DType.BF16) {
      Bf16Rows.xwt(m, w.out(), w.in(), x, xOff, w.bits(), y, yOff);
      return;
    }
    int groups = Math.ceilDiv(w.out(), ROWS);
    int grain = Math.max(1, GRAIN / Math.max(1, m * w.in() * ROWS));
    Parallel.rows(
        groups,
        grain,
        (from, to) -> {
          Scratch own = SCRATCH.get();
          for (int g = from; g < to; g++) {
            int j = g * ROWS;
            if (j + ROWS <= w.out()) {
              four(m, x, xOff, w, j, y, yOff + j, own);
            } else {
              rest(m, x, xOff, w, j, y, yOff);
            }
          }
        });
  }

  /** Four rows of the matrix from the {@code j}-th on. */
  private static void four(
      int m, float[] x, int xOff, HalfMatrix w, int j, float[] y, int yAt, Scratch own) {
    int k = w.in();
    Arrays.fill(own.sums, 0, m * WAITING, 0f);
    int whole = k - k % SUMS;
    for (int p = 0; p < whole; p += PIECE) {
      int n = Math.min(PIECE, whole - p);
      for (int r = 0; r < ROWS; r++) {
        widen(n, w, (j + r) * k + p, own.rows, r * PIECE);
      }
      for (int i = 0; i < m; i++) {
        add(n, x, xOff + i * k + p, own.rows, own.sums, i * WAITING);
      }
    }
    for (int i = 0; i < m; i++) {
      for (int r = 0; r < ROWS; r++) {
        int at = i * WAITING + r * SUMS;
        float dot = sum(own.sums, at);
        for (int p = whole; p < k; p++) {
          dot = Math.fma(x[xOff + i * k + p], w.value((j + r) * k + p), dot);
        }
        y[yAt + i * w.out() + r] = dot;
      }
    }
  }

  /** The sum of {@link #SUMS} partial sums: the two halves, then as {@link Lanes} does. */
  static float sum(float[] sums, int at) {
    FloatVector none = FloatVector.zero(F);
    return Lanes.sum(
        Lanes.folded(
            folded(sums, at),
            L < 16 ? folded(sums, at + L) : none,
            L < 8 ? folded(sums, at + 2 * L) : none,
            L < 8 ? folded(sums, at + 3 * L) : none));
  }

  private static FloatVector folded(float[] sums, int at) {
    return FloatVector.fromArray(F, sums, at).add(FloatVector.fromArray(F, sums, at + WAYS));
  }

  /** Adds the products of {@code n} columns, a multiple of {@link #SUMS}, to what waits. */
  private static void add(int n, float[] x, int xAt, float[] b, float[] sums, int at) {
    for (int i = 0; i < SUMS; i += 2 * L) {
      add(n, x, xAt, b, i, sums, at + i);
    }
  }

  /** Two vectors of partial sums, from the {@code i}-th on. */
  private static void add(int n, float[] x, int xAt, float[] b, int i, float[] sums, int at) {
    FloatVector s0 = FloatVector.fromArray(F, sums, at);
    FloatVector s1 = FloatVector.fromArray(F, sums, at + SUMS);
    FloatVector s2 = FloatVector.fromArray(F, sums, at + 2 * SUMS);
    FloatVector s3 = FloatVector.fromArray(F, sums, at + 3 * SUMS);
    FloatVector t0 = FloatVector.fromArray(F, sums, at + L);
    FloatVector t1 = FloatVector.fromArray(F, sums, at + SUMS + L);
    FloatVector t2 = FloatVector.fromArray(F, sums, at + 2 * SUMS + L);
    FloatVector t3 = FloatVector.fromArray(F, sums, at + 3 * SUMS + L);
    for (int p = i; p < n; p += SUMS) {
      FloatVector u = FloatVector.fromArray(F, x, xAt + p);
      FloatVector v = FloatVector.fromArray(F, x, xAt + p + L);
      s0 = u.fma(FloatVector.fromArray(F, b, p), s0);
      s1 = u.fma(FloatVector.fromArray(F, b, PIECE + p), s1);
      s2 = u.fma(FloatVector.fromArray(F, b, 2 * PIECE + p), s2);
      s3 = u.fma(FloatVector.fromArray(F, b, 3 * PIECE + p), s3);
      t0 = v.fma(FloatVector.fromArray(F, b, p + L), t0);
      t1 = v.fma(FloatVector.fromArray(F, b, PIECE + p + L), t1);
      t2 = v.fma(FloatVector.fromArray(F, b, 2 * PIECE + p + L), t2);
      t3 = v.fma(FloatVector.fromArray(F, b, 3 * PIECE + p + L), t3);
    }
    s0.intoArray(sums, at);
    s1.intoArray(sums, at + SUMS);
    s2.intoArray(sums, at + 2 * SUMS);
    s3.intoArray(sums, at + 3 * SUMS);
    t0.intoArray(sums, at + L);
    t1.intoArray(sums, at + SUMS + L);
    t2.intoArray(sums, at + 2 * SUMS + L);
    t3.intoArray(sums, at + 3 * SUMS + L);
  }

  /** The last rows of the matrix, fewer than four. */
  private static void rest(int m, float[] x, int xOff, HalfMatrix w, int j, float[] y, int yOff) {
    int k = w.in();
    float[] row = new float[k];
    for (int r = j; r < w.out(); r++) {
      widen(k, w, r * k, row, 0);
      for (int i = 0; i < m; i++) {
        y[yOff + i * w.out() + r] = Lanes.dot(k, x, xOff + i * k, row, 0);
      }
    }
  }
}
