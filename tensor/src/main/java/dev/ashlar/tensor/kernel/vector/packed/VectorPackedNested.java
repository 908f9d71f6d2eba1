package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.STRIDE;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Multiples;
import dev.ashlar.tensor.quant.Groups.SuperBlocks.Offset;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Scales in two levels, as super-blocks have them: a float per super-block and a signed byte per
 * group, four to an int. Minimums are held likewise, or follow from one zero point for all.
 */
final class VectorPackedNested extends VectorPackedGroups {
  /** Groups whose factors share an int. */
  private static final int PER_WORD = 4;

  /** Values {@code [out, groups]} as {@code base · factor}. */
  private static final class Products {
    private final int perBase;
    private final float[] bases;
    private final int[] factors;

    /**
     * @param sign what the bases are multiplied by
     */
    Products(int out, int groups, int perBase, Multiples values, float sign) {
      this.perBase = perBase;
      int size = Math.multiplyExact(VectorPackedMatrix.blocks(out) * ROWS, groups / PER_WORD);
      this.factors = new int[size];
      this.bases = new float[size / (perBase / PER_WORD)];
      for (int i = 0; i < out * groups; i++) {
        int lane = i / groups % ROWS;
        int g = i / groups / ROWS * groups + i % groups;
        bases[g / perBase * ROWS + lane] = sign * values.bases()[i / perBase];
        int word = g / PER_WORD * ROWS + lane;
        factors[word] |= (values.factors()[i] & 0xFF) << 8 * (g % PER_WORD);
      }
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

  /** Super-blocks of rows of {@code groups} groups, in a form that {@link #holds} them. */
  VectorPackedNested(int out, int groups, SuperBlocks from) {
    this.scales = new Products(out, groups, from.perBlock(), from.scales(), 1);
    this.minimums =
        from.offset() instanceof Offset.Below b
            ? new Products(out, groups, from.perBlock(), b.below(), -1)
            : null;
    this.zero = from.offset() instanceof Offset.ZeroPoint z ? z.zero() : 0;
  }

  /** Whether the factors of a super-block fill whole ints. */
  static boolean holds(SuperBlocks blocks) {
    return blocks.perBlock() % PER_WORD == 0;
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
