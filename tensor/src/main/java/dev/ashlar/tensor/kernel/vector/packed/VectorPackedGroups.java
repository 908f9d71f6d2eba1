package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.STRIDE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Offset;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.OptionalDouble;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Scales and offsets of a packed matrix, {@code [block, group, lane]}: a weight is {@code w = scale
 * · q + minimum}, where {@code minimum} is {@code −scale · zero} for integer zero points.
 *
 * <p>The group's part of a product is {@code scale · Σxq + minimum · Σx}. The smallest form that
 * holds the values exactly is taken: super-blocks as they are ({@link VectorPackedNested}), scales
 * alone where one zero point serves the whole matrix, pairs of 16-bit floats, pairs of 32-bit
 * floats. A decode step reads these with every token, so bytes here are time.
 */
abstract sealed class VectorPackedGroups
    permits VectorPackedGroups.Centered,
        VectorPackedGroups.Affine,
        VectorPackedGroups.Halves,
        VectorPackedNested {
  /** Rows of a matrix whose groups are worth handing to a thread. */
  private static final int GRAIN = 512;

  /** The smallest form for the groups of a matrix. */
  static VectorPackedGroups of(QuantizedMatrix w) {
    int out = w.out();
    int groups = w.groupsPerRow();
    return switch (w.groups()) {
      case Groups.ZeroPoints z -> of(out, groups, z.scales(), z.zeros());
      case Groups.Scales s -> throw new IllegalArgumentException("codes of small floats");
      case Groups.Minimums m -> of(out, groups, m.scales(), m.minimums());
      case Groups.SuperBlocks s -> of(out, groups, s);
    };
  }

  private static VectorPackedGroups of(int out, int groups, Groups.SuperBlocks s) {
    if (VectorPackedNested.holds(s)) {
      return new VectorPackedNested(out, groups, s);
    }
    float[] scales = floats(out, groups, s::scale);
    return switch (s.offset()) {
      case Offset.ZeroPoint z -> new Centered(scales, z.zero());
      case Offset.Below below -> new Affine(scales, floats(out, groups, s::minimum));
    };
  }

  private static VectorPackedGroups of(int out, int groups, float[] scales, byte[] zeros) {
    boolean same = true;
    boolean halves = true;
    for (int i = 0; i < scales.length; i++) {
      same &= zeros[i] == zeros[0];
      halves &= Halves.holds(scales[i]);
    }
    if (same) {
      return new Centered(floats(out, groups, i -> scales[i]), zeros[0] & 0xFF);
    }
    if (halves) {
      int[] pairs = ints(out, groups, i -> Halves.pair(scales[i], zeros[i] & 0xFF));
      return new Halves(pairs, true);
    }
    return new Affine(
        floats(out, groups, i -> scales[i]),
        floats(out, groups, i -> -scales[i] * (zeros[i] & 0xFF)));
  }

  private static VectorPackedGroups of(int out, int groups, float[] scales, float[] minimums) {
    OptionalDouble common = commonZero(scales, minimums);
    if (common.isPresent()) {
      return new Centered(floats(out, groups, i -> scales[i]), (float) common.getAsDouble());
    }
    boolean halves = true;
    for (int i = 0; i < scales.length; i++) {
      halves &= Halves.holds(scales[i]) && Halves.holds(minimums[i]);
    }
    if (halves) {
      int[] pairs = ints(out, groups, i -> Halves.pair(scales[i], minimums[i]));
      return new Halves(pairs, false);
    }
    return new Affine(floats(out, groups, i -> scales[i]), floats(out, groups, i -> minimums[i]));
  }

  /** The integer zero point that gives every minimum, if there is one. */
  private static OptionalDouble commonZero(float[] scales, float[] minimums) {
    float zero = 0;
    for (int i = 0; i < scales.length && zero == 0; i++) {
      zero = scales[i] == 0 ? 0 : Math.round(-minimums[i] / scales[i]);
    }
    for (int i = 0; i < scales.length; i++) {
      if (minimums[i] != -scales[i] * zero) {
        return OptionalDouble.empty();
      }
    }
    return OptionalDouble.of(zero);
  }

  /** Values {@code [out, groups]} as {@code [block, group, lane]}. */
  private static float[] floats(int out, int groups, IntToFloat value) {
    float[] lanes = new float[size(out, groups)];
    Parallel.rows(
        out,
        GRAIN,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            int at = place(o, groups);
            for (int g = 0; g < groups; g++) {
              lanes[at + g * ROWS] = value.at(o * groups + g);
            }
          }
        });
    return lanes;
  }

  private static int[] ints(int out, int groups, IntUnaryOperator value) {
    int[] lanes = new int[size(out, groups)];
    Parallel.rows(
        out,
        GRAIN,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            int at = place(o, groups);
            for (int g = 0; g < groups; g++) {
              lanes[at + g * ROWS] = value.applyAsInt(o * groups + g);
            }
          }
        });
    return lanes;
  }

  private interface IntToFloat {
    float at(int i);
  }

  private static int size(int out, int groups) {
    return Math.multiplyExact(Math.multiplyExact(VectorPackedMatrix.blocks(out), ROWS), groups);
  }

  /** Where the first group of row {@code o} stands; the next is {@code ROWS} further. */
  private static int place(int o, int groups) {
    return lanes(o / ROWS * groups) + o % ROWS;
  }

  /** Bytes of all scales and offsets. */
  abstract long byteSize();

  /** Puts scales and minimums of a group's rows into {@code affine [2, ROWS]}. */
  abstract void affine(int at, float[] affine);

  /**
   * {@code y[r] += Σ_g scale[g, r] · sums[g, r] + minimum[g, r] · xSums[g]} in order of the groups.
   *
   * @param at index of the first group in {@code [block · groups + group]}
   * @param row row of activations, which says where in {@code sums} and {@code y}
   * @param sums {@code [rows, SPAN, ROWS]}
   * @param xSums sums of the activations of each group, from {@code xSumsAt}
   * @param y {@code [rows, ROWS]}
   */
  abstract void combine(
      int at, int count, int row, float[] sums, float[] xSums, int xSumsAt, float[] y);

  /** Index of a group's first lane. */
  static int lanes(int at) {
    return at * ROWS;
  }

  /** One zero point for all. */
  static final class Centered extends VectorPackedGroups {
    private final float[] scales;
    private final float zero;

    Centered(float[] scales, float zero) {
      this.scales = scales;
      this.zero = zero;
    }

    @Override
    long byteSize() {
      return 4L * scales.length;
    }

    @Override
    void affine(int at, float[] affine) {
      for (int r = 0; r < ROWS; r++) {
        float s = scales[lanes(at) + r];
        affine[r] = s;
        affine[ROWS + r] = -s * zero;
      }
    }

    @Override
    void combine(int at, int count, int row, float[] sums, float[] xSums, int xSumsAt, float[] y) {
      int yAt = row * ROWS;
      int sumsAt = row * STRIDE;
      FloatVector y0 = FloatVector.fromArray(FLOATS, y, yAt);
      FloatVector y1 = FloatVector.fromArray(FLOATS, y, yAt + LANES);
      for (int g = 0; g < count; g++) {
        FloatVector c = FloatVector.broadcast(FLOATS, zero * xSums[xSumsAt + g]);
        int i = lanes(at + g);
        FloatVector p = FloatVector.fromArray(FLOATS, sums, sumsAt + g * ROWS).sub(c);
        FloatVector q = FloatVector.fromArray(FLOATS, sums, sumsAt + g * ROWS + LANES).sub(c);
        y0 = FloatVector.fromArray(FLOATS, scales, i).fma(p, y0);
        y1 = FloatVector.fromArray(FLOATS, scales, i + LANES).fma(q, y1);
      }
      y0.intoArray(y, yAt);
      y1.intoArray(y, yAt + LANES);
    }
  }

  /** Any minimums, as floats. */
  static final class Affine extends VectorPackedGroups {
    private final float[] scales;
    private final float[] minimums;

    Affine(float[] scales, float[] minimums) {
      this.scales = scales;
      this.minimums = minimums;
    }

    @Override
    long byteSize() {
      return 8L * scales.length;
    }

    @Override
    void affine(int at, float[] affine) {
      System.arraycopy(scales, lanes(at), affine, 0, ROWS);
      System.arraycopy(minimums, lanes(at), affine, ROWS, ROWS);
    }

    @Override
    void combine(int at, int count, int row, float[] sums, float[] xSums, int xSumsAt, float[] y) {
      int yAt = row * ROWS;
      int sumsAt = row * STRIDE;
      FloatVector y0 = FloatVector.fromArray(FLOATS, y, yAt);
      FloatVector y1 = FloatVector.fromArray(FLOATS, y, yAt + LANES);
      for (int g = 0; g < count; g++) {
        FloatVector c = FloatVector.broadcast(FLOATS, xSums[xSumsAt + g]);
        int i = lanes(at + g);
        FloatVector p = FloatVector.fromArray(FLOATS, sums, sumsAt + g * ROWS);
        FloatVector q = FloatVector.fromArray(FLOATS, sums, sumsAt + g * ROWS + LANES);
        y0 = FloatVector.fromArray(FLOATS, minimums, i).fma(c, y0);
        y1 = FloatVector.fromArray(FLOATS, minimums, i + LANES).fma(c, y1);
        y0 = FloatVector.fromArray(FLOATS, scales, i).fma(p, y0);
        y1 = FloatVector.fromArray(FLOATS, scales, i + LANES).fma(q, y1);
      }
      y0.intoArray(y, yAt);
      y1.intoArray(y, yAt + LANES);
    }
  }

  /**
   * A 16-bit float scale (low half) and a 16-bit float zero point or minimum (high half) in an int;
   * none of them subnormal, so that widening is a multiplication at full speed.
   */
  static final class Halves extends VectorPackedGroups {
    private static final int MAGNITUDE = 0x7FFF << 13;
    private static final int SIGN = 0x80000000;

    /** The bits of 1.0f. */
    private static final int ONE = 0x3F800000;

    /** Takes the exponent's bias from 15 to 127. */
    private static final float REBIAS = 0x1p112f;

    private final int[] pairs;
    private final boolean zeros;

    /**
     * @param zeros whether the high half is a zero point, not a minimum
     */
    Halves(int[] pairs, boolean zeros) {
      this.pairs = pairs;
      this.zeros = zeros;
    }

    /** Whether {@link Halves} can hold the value exactly. */
    static boolean holds(float value) {
      short half = Float.floatToFloat16(value);
      boolean subnormal = (half & 0x7C00) == 0 && (half & 0x3FF) != 0;
      return Float.float16ToFloat(half) == value && !subnormal && Float.isFinite(value);
    }

    static int pair(float scale, float second) {
      return Float.floatToFloat16(scale) & 0xFFFF | Float.floatToFloat16(second) << 16;
    }

    @Override
    long byteSize() {
      return 4L * pairs.length;
    }

    @Override
    void affine(int at, float[] affine) {
      for (int r = 0; r < ROWS; r++) {
        int pair = pairs[lanes(at) + r];
        float s = Float.float16ToFloat((short) pair);
        float t = Float.float16ToFloat((short) (pair >>> 16));
        affine[r] = s;
        affine[ROWS + r] = (zeros ? -s : 1) * t;
      }
    }

    @Override
    void combine(int at, int count, int row, float[] sums, float[] xSums, int xSumsAt, float[] y) {
      for (int half = 0; half < ROWS; half += LANES) {
        int sumsAt = row * STRIDE + half;
        int yAt = row * ROWS + half;
        int first = lanes(at) + half;
        combine(first, count, sums, sumsAt, xSums, xSumsAt, y, yAt, zeros ? -1 : 0);
      }
    }

    /** {@code zeroForm} is all ones or all zeros: a mask that picks {@code −s} or 1. */
    private void combine(
        int at,
        int count,
        float[] sums,
        int sumsAt,
        float[] xSums,
        int xSumsAt,
        float[] y,
        int yAt,
        int zeroForm) {
      IntVector magnitude = IntVector.broadcast(INTS, MAGNITUDE);
      IntVector sign = IntVector.broadcast(INTS, SIGN);
      IntVector one = IntVector.broadcast(INTS, ONE & ~zeroForm);
      IntVector negated = IntVector.broadcast(INTS, zeroForm);
      FloatVector y0 = FloatVector.fromArray(FLOATS, y, yAt);
      for (int g = 0; g < count; g++) {
        IntVector v = IntVector.fromArray(INTS, pairs, at + g * ROWS);
        FloatVector s =
            v.lanewise(LSHL, 13)
                .and(magnitude)
                .or(v.lanewise(LSHL, 16).and(sign))
                .reinterpretAsFloats()
                .mul(REBIAS);
        FloatVector t =
            v.lanewise(LSHR, 3).and(magnitude).or(v.and(sign)).reinterpretAsFloats().mul(REBIAS);
        FloatVector factor = s.neg().reinterpretAsInts().and(negated).or(one).reinterpretAsFloats();
        FloatVector xSum = FloatVector.broadcast(FLOATS, xSums[xSumsAt + g]);
        y0 = factor.mul(t).fma(xSum, y0);
        y0 = s.fma(FloatVector.fromArray(FLOATS, sums, sumsAt + g * ROWS), y0);
      }
      y0.intoArray(y, yAt);
    }
  }
}
