package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.STRIDE;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Scales that are small multiples of a base shared by several groups, as in super-blocks: a float
 * per base and a signed byte per group, four to an int. Minimums are held likewise, or follow from
 * one zero point for all.
 *
 * <p>The bases are found from the values alone, as greatest common divisors, and reproduce them
 * exactly.
 */
final class VectorPackedNested extends VectorPackedGroups {
  /** Elements that share a base. */
  private static final int SUPER = 256;

  /** Largest multiple of a base. */
  private static final int MAX_FACTOR = 127;

  /** Groups whose factors share an int. */
  private static final int PER_WORD = 4;

  /** Values {@code [out, groups]} as {@code base · factor}. */
  private static final class Products {
    private final int perBase;
    private final float[] bases;
    private final int[] factors;

    private Products(int out, int groups, int perBase) {
      this.perBase = perBase;
      int size = Math.multiplyExact(VectorPackedMatrix.blocks(out) * ROWS, groups / PER_WORD);
      this.factors = new int[size];
      this.bases = new float[size / (perBase / PER_WORD)];
    }

    /** The values as products, or null if they are not. */
    static Products of(int out, int groups, int perBase, float[] values) {
      Products p = new Products(out, groups, perBase);
      for (int i = 0; i < out * groups; i += perBase) {
        float base = base(values, i, perBase);
        if (Float.isNaN(base)) {
          return null;
        }
        int lane = i / groups % ROWS;
        int g = i / groups / ROWS * groups + i % groups;
        p.bases[g / perBase * ROWS + lane] = base;
        for (int j = 0; j < perBase && base != 0; j++) {
          int factor = Math.round(values[i + j] / base);
          int word = (g + j) / PER_WORD * ROWS + lane;
          p.factors[word] |= (factor & 0xFF) << 8 * ((g + j) % PER_WORD);
        }
      }
      return p;
    }

    long byteSize() {
      return 4L * (bases.length + factors.length);
    }

    float at(int group, int lane) {
      int word = factors[group / PER_WORD * ROWS + lane];
      return bases[group / perBase * ROWS + lane] * (byte) (word >>> 8 * (group % PER_WORD));
    }
  }

  private final Products scales;
  private final Products minimums;
  private final float zero;

  private VectorPackedNested(Products scales, Products minimums, float zero) {
    this.scales = scales;
    this.minimums = minimums;
    this.zero = zero;
  }

  /**
   * Scales and minimums in this form, or null if they are not such multiples.
   *
   * @param minimums null if {@code zero}, a zero point for all, stands for them
   */
  static VectorPackedNested of(
      int out, int groups, int groupSize, float[] scales, float[] minimums, float zero) {
    int perBase = SUPER / groupSize;
    if (perBase < PER_WORD || perBase % PER_WORD != 0 || groups % perBase != 0) {
      return null;
    }
    Products s = Products.of(out, groups, perBase, scales);
    if (s == null || minimums == null) {
      return s == null ? null : new VectorPackedNested(s, null, zero);
    }
    Products m = Products.of(out, groups, perBase, minimums);
    return m == null ? null : new VectorPackedNested(s, m, zero);
  }

  /** The largest float of which all values are small multiples; NaN if there is none. */
  private static float base(float[] values, int from, int count) {
    int exponent = Integer.MAX_VALUE;
    for (int i = from; i < from + count; i++) {
      if (values[i] != 0) {
        exponent = Math.min(exponent, Math.getExponent(values[i]) - 23);
      }
    }
    if (exponent == Integer.MAX_VALUE) {
      return 0;
    }
    long divisor = 0;
    double largest = 0;
    for (int i = from; i < from + count; i++) {
      double scaled = Math.scalb((double) values[i], -exponent);
      largest = Math.max(largest, Math.abs(scaled));
      // Normal floats are whole numbers here, and below 2^31 if they can have a common base.
      if (scaled != Math.rint(scaled) || largest > Integer.MAX_VALUE) {
        return Float.NaN;
      }
      divisor = divisor(divisor, Math.abs((long) scaled));
    }
    return largest / divisor <= MAX_FACTOR
        ? (float) Math.scalb((double) divisor, exponent)
        : Float.NaN;
  }

  private static long divisor(long a, long b) {
    while (b != 0) {
      long rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }

  @Override
  long byteSize() {
    return scales.byteSize() + (minimums == null ? 0 : minimums.byteSize());
  }

  @Override
  void affine(int at, float[] affine) {
    for (int r = 0; r < ROWS; r++) {
      float s = scales.at(at, r);
      affine[r] = s;
      affine[ROWS + r] = minimums == null ? -s * zero : minimums.at(at, r);
    }
  }

  @Override
  void combine(int at, int count, int row, float[] sums, float[] xSums, int xSumsAt, float[] y) {
    for (int half = 0; half < ROWS; half += LANES) {
      if (minimums == null) {
        centered(at, count, row, half, sums, xSums, xSumsAt, y);
      } else {
        affine(at, count, row, half, sums, xSums, xSumsAt, y);
      }
    }
  }

  private void centered(
      int at, int count, int row, int half, float[] sums, float[] xSums, int xSumsAt, float[] y) {
    int sumsAt = row * STRIDE + half;
    int yAt = row * ROWS + half;
    FloatVector total = FloatVector.fromArray(FLOATS, y, yAt);
    for (int g = 0; g < count; g += PER_WORD) {
      int word = (at + g) / PER_WORD * ROWS + half;
      int base = (at + g) / scales.perBase * ROWS + half;
      IntVector k = IntVector.fromArray(INTS, scales.factors, word);
      FloatVector d = FloatVector.fromArray(FLOATS, scales.bases, base);
      for (int j = 0; j < PER_WORD; j++) {
        FloatVector s = signed(k, j).mul(d);
        FloatVector t =
            FloatVector.fromArray(FLOATS, sums, sumsAt + (g + j) * ROWS)
                .sub(FloatVector.broadcast(FLOATS, zero * xSums[xSumsAt + g + j]));
        total = s.fma(t, total);
      }
    }
    total.intoArray(y, yAt);
  }

  private void affine(
      int at, int count, int row, int half, float[] sums, float[] xSums, int xSumsAt, float[] y) {
    int sumsAt = row * STRIDE + half;
    int yAt = row * ROWS + half;
    FloatVector total = FloatVector.fromArray(FLOATS, y, yAt);
    for (int g = 0; g < count; g += PER_WORD) {
      int word = (at + g) / PER_WORD * ROWS + half;
      int base = (at + g) / scales.perBase * ROWS + half;
      IntVector k = IntVector.fromArray(INTS, scales.factors, word);
      IntVector l = IntVector.fromArray(INTS, minimums.factors, word);
      FloatVector d = FloatVector.fromArray(FLOATS, scales.bases, base);
      FloatVector e = FloatVector.fromArray(FLOATS, minimums.bases, base);
      for (int j = 0; j < PER_WORD; j++) {
        FloatVector s = signed(k, j).mul(d);
        FloatVector xs = FloatVector.broadcast(FLOATS, xSums[xSumsAt + g + j]);
        FloatVector t = FloatVector.fromArray(FLOATS, sums, sumsAt + (g + j) * ROWS);
        total = signed(l, j).mul(e).fma(xs, total);
        total = s.fma(t, total);
      }
    }
    total.intoArray(y, yAt);
  }

  /** Byte {@code j} of each lane, the lowest first, as a float. */
  private static FloatVector signed(IntVector v, int j) {
    return (FloatVector) v.lanewise(LSHL, 24 - 8 * j).lanewise(ASHR, 24).convert(I2F, 0);
  }
}
