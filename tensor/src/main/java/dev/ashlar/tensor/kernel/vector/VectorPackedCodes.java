package dev.ashlar.tensor.kernel.vector;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * How the codes of one width lie in int lanes, and the two loops that take them out.
 *
 * <p>A unit is {@code columns} codes of one row in {@code words} ints; lanes are rows, so a unit of
 * a block is {@code words × ROWS} consecutive ints. With as many whole codes in an int as fit into
 * 32 or 30 bits, code {@code j} stands at bit {@code j · bits}; where two bits are left over, those
 * of a unit's ints, first int highest, hold the unit's last one or two codes.
 *
 * <p>Shifted to the top of a float's mantissa under the exponent of one, a code {@code q} reads as
 * the float {@code f = 1 + q / 2^bits}: one shift and one ternary-logic instruction, no conversion.
 * The 1 is corrected per group ({@link VectorPackedGroups}).
 */
abstract sealed class VectorPackedCodes
    permits VectorPacked2,
        VectorPacked3,
        VectorPacked4,
        VectorPacked5,
        VectorPacked6,
        VectorPacked8 {
  static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  static final VectorSpecies<Float> FLOATS = Lanes.F;
  static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, INTS.vectorShape());
  static final int LANES = Lanes.L;

  /** Floats from one column of an expanded panel to the next: one block or two side by side. */
  static final int PANEL = Lanes.PANEL;

  /** Rows of a block: two vectors, which share each broadcast activation. */
  static final int ROWS = 2 * LANES;

  /** Floats from the group sums of one row of activations to those of the next. */
  static final int STRIDE = VectorPackedMatrix.SPAN * ROWS;

  /** The bits of 1.0f. */
  static final int ONE = 0x3F800000;

  /** Products of a byte and a code of 4 bits that a sum of shorts holds: 16 · 15 · 127 < 2^15. */
  static final int SHORT_SUM = 16;

  /** Bits that the leftover codes of a unit get from each int. */
  private static final int SPREAD = 2;

  private final int bits;
  private final int columns;
  private final int words;

  VectorPackedCodes(int bits, int columns, int words) {
    this.bits = bits;
    this.columns = columns;
    this.words = words;
  }

  private static List<VectorPackedCodes> all() {
    return List.of(
        new VectorPacked2(),
        new VectorPacked3(),
        new VectorPacked4(),
        new VectorPacked5(),
        new VectorPacked6(),
        new VectorPacked8());
  }

  /**
   * The layout that holds groups of {@code groupSize} codes in the fewest ints; a wide one can
   * waste less on filling up units.
   */
  static VectorPackedCodes of(int bits, int groupSize) {
    return all().stream()
        .filter(c -> c.bits >= bits)
        .min(Comparator.comparingInt(c -> Math.ceilDiv(groupSize, c.columns) * c.words))
        .orElseThrow(
            () -> new IllegalArgumentException("no packed layout for " + bits + "-bit codes"));
  }

  /** Bits a code takes. */
  final int bits() {
    return bits;
  }

  /** Codes of a row in a unit. */
  final int columns() {
    return columns;
  }

  /** Ints of a row in a unit. */
  final int words() {
    return words;
  }

  /** Where a code stands in the float: the top of the mantissa. */
  final int mask() {
    return ((1 << bits) - 1) << (23 - bits);
  }

  /**
   * Puts one row of codes into its lane.
   *
   * @param codes {@code [units · columns]} from {@code from}
   * @param target ints of the block; the row's first int is at {@code at}, the next {@link #ROWS}
   *     further
   * @return whether all codes fit into {@link #bits}; if not, the lane is undefined
   */
  boolean pack(byte[] codes, int from, int units, int[] target, int at) {
    int whole = Math.min(32 / bits, columns / words);
    int[] unit = new int[words];
    int all = 0;
    for (int u = 0; u < units; u++) {
      Arrays.fill(unit, 0);
      int k = from + u * columns;
      for (int j = k; j < k + columns; j++) {
        all |= codes[j] & 0xFF;
      }
      for (int i = 0; i < words; i++) {
        for (int j = 0; j < whole; j++) {
          unit[i] |= (codes[k++] & 0xFF) << (j * bits);
        }
      }
      spread(codes, k, columns - words * whole, unit);
      for (int i = 0; i < words; i++) {
        target[at + (u * words + i) * ROWS] = unit[i];
      }
    }
    return all < 1 << bits;
  }

  private void spread(byte[] codes, int from, int count, int[] unit) {
    int rest = 0;
    for (int j = 0; j < count; j++) {
      rest = rest << bits | (codes[from + j] & 0xFF);
    }
    for (int i = 0; count > 0 && i < words; i++) {
      unit[i] |= rest >>> SPREAD * (words - 1 - i) << (32 - SPREAD);
    }
  }

  /**
   * {@code sums[g, r] = Σ x[k] · f[r, k]} over the columns of each of {@code groups} groups of
   * {@code units} units, for the block's rows.
   *
   * @param at first int of the first group in {@code w}
   * @param xAt first activation of the first group
   * @param sums {@code [groups, ROWS]} from {@code sumsAt}
   */
  abstract void sum(
      int[] w, int at, int groups, int units, float[] x, int xAt, float[] sums, int sumsAt);

  /**
   * As {@link #sum} for four rows of activations, which share the taking apart.
   *
   * @param step floats from the first row of {@code x} to the second and from there to the third
   * @param last floats from the first to the fourth
   * @param sums {@code [4, SPAN, ROWS]}, {@link #STRIDE} floats from one row to the next
   */
  abstract void sumFour(
      int[] w, int at, int groups, int units, float[] x, int xAt, int step, int last, float[] sums);

  /**
   * {@code sums[g, r] = scale[g] · Σ b[k] · q[r, k] + xSums[g]} for activations that are bytes: the
   * same as {@link #sum} gives for their values.
   *
   * <p>A lane's int is read as two shorts of half the unit's codes each. Shifted down by {@code j}
   * codes a short is {@code p_j = q_j + 2^bits · p_{j+1}}; nothing masks off the rest, since in the
   * arithmetic modulo 2^16 of shorts {@code Σ b_j · q_j = Σ (b_j − 2^bits · b_{j−1}) · p_j}. The
   * left side fits into a short for {@link #SHORT_SUM} products, and so the right side is exact.
   *
   * @param pairs those differences ({@link VectorPackedRounding#pair}), from {@code pairsAt}
   * @param scales {@code step / 2^bits} of each group, from {@code scalesAt}
   * @param xSums sums of the activations of each group, from {@code scalesAt}
   */
  void sumBytes(
      int[] w,
      int at,
      int groups,
      int units,
      int[] pairs,
      int pairsAt,
      float[] scales,
      float[] xSums,
      int scalesAt,
      float[] sums,
      int sumsAt) {
    throw new IllegalStateException("codes of " + bits + " bits are not multiplied by bytes");
  }

  /**
   * {@code panel[k, r] = f[r, k] · scale[r] + offset[r]}: float weights of {@code units} units of
   * one group, {@link #PANEL} floats from one column to the next.
   *
   * @param affine the group's scales and offsets, {@code [2, ROWS]}
   */
  abstract void expand(int[] w, int at, int units, float[] affine, float[] panel, int panelAt);
}
