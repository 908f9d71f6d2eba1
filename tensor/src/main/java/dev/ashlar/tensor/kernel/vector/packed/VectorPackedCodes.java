package dev.ashlar.tensor.kernel.vector.packed;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * How the codes of one width lie in int lanes, and the loops that take them out.
 *
 * <p>A unit is {@code columns} codes of one row in {@code words} ints; lanes are rows, so a unit of
 * a block is {@code words × ROWS} consecutive ints. With as many whole codes in an int as fit into
 * 32 or 30 bits, code {@code j} stands at bit {@code j · bits}; where two bits are left over, those
 * of a unit's ints, first int highest, hold the unit's last one or two codes.
 *
 * <p>The loop of decoding, {@link #sum}, hardly shifts: a code masked where it stands is {@code q ·
 * 2^(j · bits)}, which converts to a float exactly, and the activation has been divided by that
 * power beforehand ({@link #scale}). It is written out for each width, since the compiler does not
 * unroll it; the others go from code to code.
 */
abstract class VectorPackedCodes {
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

  /**
   * Products of a byte and a code of 4 bits that a sum of shorts holds: {@code 16 · 15 · 127 <
   * 2^15}.
   */
  static final int SHORT_SUM = 16;

  /** Bits that the leftover codes of a unit get from each int. */
  private static final int SPREAD = 2;

  /**
   * Columns after which {@link #factors} begin anew: whole units and whole vectors of any width.
   */
  private static final int PERIOD = 32;

  private final int bits;
  private final int columns;
  private final int words;

  /** Codes that stand whole in an int. */
  private final int whole;

  /** Codes of a unit that are spread over its ints. */
  private final int rest;

  private final float[] factors = new float[PERIOD];

  /**
   * @param masks codes of an int that {@link #sum} masks where they stand before it shifts the int
   */
  VectorPackedCodes(int bits, int columns, int words, int masks) {
    this.bits = bits;
    this.columns = columns;
    this.words = words;
    this.whole = Math.min(Integer.SIZE / bits, columns / words);
    this.rest = columns - words * whole;
    for (int k = 0; k < PERIOD; k++) {
      int spread = k % columns - words * whole;
      int code = spread < 0 ? k % columns % whole % masks : rest - 1 - spread;
      int shift = code * bits;
      // A code that reaches the sign is shifted down instead.
      boolean inPlace = shift + bits < Integer.SIZE;
      factors[k] = inPlace ? Math.scalb(1f, -shift) : 1;
    }
  }

  /** All layouts. A new one is a class that {@code PackedLoops} writes, and one line. */
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

  /** The bits of the first code of an int. */
  final int mask() {
    return (1 << bits) - 1;
  }

  /**
   * Activations as {@link #sum} takes them: divided by the powers of two that codes are left
   * multiplied by. That is exact but for activations below 2^-96, which lose their last bits.
   *
   * @param n whole units
   */
  final void scale(float[] x, int at, int n, float[] scaled, int scaledAt) {
    int i = 0;
    for (; i <= n - PERIOD; i += PERIOD) {
      for (int j = i; j < i + PERIOD; j += LANES) {
        FloatVector f = FloatVector.fromArray(FLOATS, factors, j - i);
        FloatVector.fromArray(FLOATS, x, at + j).mul(f).intoArray(scaled, scaledAt + j);
      }
    }
    for (; i < n; i++) {
      scaled[scaledAt + i] = x[at + i] * factors[i % PERIOD];
    }
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
      spread(codes, k, unit);
      for (int i = 0; i < words; i++) {
        target[at + (u * words + i) * ROWS] = unit[i];
      }
    }
    return all < 1 << bits;
  }

  private void spread(byte[] codes, int from, int[] unit) {
    int last = 0;
    for (int j = 0; j < rest; j++) {
      last = last << bits | (codes[from + j] & 0xFF);
    }
    for (int i = 0; rest > 0 && i < words; i++) {
      unit[i] |= last >>> SPREAD * (words - 1 - i) << (Integer.SIZE - SPREAD);
    }
  }

  /**
   * {@code sums[g, r] = Σ x[k] · q[r, k]} over the columns of each of {@code groups} groups of
   * {@code units} units, for the block's rows.
   *
   * @param at first int of the first group in {@code w}
   * @param x activations as {@link #scale} leaves them; the first group's from {@code xAt}
   * @param sums {@code [groups, ROWS]} from {@code sumsAt}
   */
  abstract void sum(
      int[] w, int at, int groups, int units, float[] x, int xAt, float[] sums, int sumsAt);

  /**
   * As {@link #sum} for four rows of activations, not scaled, which share the taking apart.
   *
   * @param step floats from the first row of {@code x} to the second and from there to the third
   * @param last floats from the first to the fourth
   * @param sums {@code [4, SPAN, ROWS]}, {@link #STRIDE} floats from one row to the next
   */
  final void sumFour(
      int[] w,
      int at,
      int groups,
      int units,
      float[] x,
      int xAt,
      int step,
      int last,
      float[] sums) {
    for (int g = 0; g < groups; g++) {
      int first = at + g * units * words * ROWS;
      int k = xAt + g * units * columns;
      int to = g * ROWS;
      for (int half = 0; half < ROWS; half += LANES) {
        sumFour(
            w, first + half, units, x, k, step, last, sums, to + half, words, whole, rest, bits);
      }
    }
  }

  /** One group and one vector of rows: with two, values were seen to be spilled. */
  private static void sumFour(
      int[] w,
      int at,
      int units,
      float[] x,
      int xAt,
      int step,
      int last,
      float[] sums,
      int to,
      int words,
      int whole,
      int rest,
      int bits) {
    IntVector mask = IntVector.broadcast(INTS, (1 << bits) - 1);
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    FloatVector f;
    int i = at;
    int k = xAt;
    for (int u = 0; u < units; u++) {
      IntVector t = IntVector.zero(INTS);
      for (int v = 0; v < words; v++) {
        IntVector p = IntVector.fromArray(INTS, w, i);
        for (int j = 0; j < whole; j++) {
          f = (FloatVector) p.lanewise(LSHR, j * bits).and(mask).convert(I2F, 0);
          a = f.fma(FloatVector.broadcast(FLOATS, x[k]), a);
          b = f.fma(FloatVector.broadcast(FLOATS, x[k + step]), b);
          c = f.fma(FloatVector.broadcast(FLOATS, x[k + 2 * step]), c);
          d = f.fma(FloatVector.broadcast(FLOATS, x[k + last]), d);
          k++;
        }
        // Shifted to where these bits stand, since what a loop carries is best only an argument.
        t = p.lanewise(LSHR, Integer.SIZE - SPREAD).lanewise(LSHL, SPREAD * (words - 1 - v)).or(t);
        i += ROWS;
      }
      for (int j = rest - 1; j >= 0; j--) {
        f = (FloatVector) t.lanewise(LSHR, j * bits).and(mask).convert(I2F, 0);
        a = f.fma(FloatVector.broadcast(FLOATS, x[k]), a);
        b = f.fma(FloatVector.broadcast(FLOATS, x[k + step]), b);
        c = f.fma(FloatVector.broadcast(FLOATS, x[k + 2 * step]), c);
        d = f.fma(FloatVector.broadcast(FLOATS, x[k + last]), d);
        k++;
      }
    }
    a.intoArray(sums, to);
    b.intoArray(sums, to + STRIDE);
    c.intoArray(sums, to + 2 * STRIDE);
    d.intoArray(sums, to + 3 * STRIDE);
  }

  /**
   * {@code sums[g, r] = step[g] · Σ b[k] · q[r, k]} for activations that are bytes: the same as
   * {@link #sum} gives for their values.
   *
   * <p>A lane's int is read as two shorts of half the unit's codes each. Shifted down by {@code j}
   * codes a short is {@code p_j = q_j + 2^bits · p_{j+1}}; nothing masks off the rest, since in the
   * arithmetic modulo 2^16 of shorts {@code Σ b_j · q_j = Σ (b_j − 2^bits · b_{j−1}) · p_j}. The
   * left side fits into a short for {@link #SHORT_SUM} products, and so the right side is exact.
   *
   * @param pairs those differences ({@link VectorPackedRounding#pair}), from {@code pairsAt}
   * @param steps of each group, from {@code stepsAt}
   */
  void sumBytes(
      int[] w,
      int at,
      int groups,
      int units,
      int[] pairs,
      int pairsAt,
      float[] steps,
      int stepsAt,
      float[] sums,
      int sumsAt) {
    if (bits != Byte.SIZE) {
      throw new IllegalStateException("codes of " + bits + " bits are not multiplied by bytes");
    }
    VectorPackedBytes.sum(w, at, groups, units, pairs, pairsAt, steps, stepsAt, sums, sumsAt);
  }

  /**
   * {@code panel[k, r] = q[r, k] · scale[r] + minimum[r]}: float weights of {@code units} units of
   * one group, {@link #PANEL} floats from one column to the next.
   *
   * @param affine the group's scales and minimums, {@code [2, ROWS]}
   */
  final void expand(int[] w, int at, int units, float[] affine, float[] panel, int panelAt) {
    for (int half = 0; half < ROWS; half += LANES) {
      expand(w, at + half, units, affine, half, panel, panelAt + half, words, whole, rest, bits);
    }
  }

  /** One vector of rows. */
  private static void expand(
      int[] w,
      int at,
      int units,
      float[] affine,
      int half,
      float[] panel,
      int panelAt,
      int words,
      int whole,
      int rest,
      int bits) {
    IntVector mask = IntVector.broadcast(INTS, (1 << bits) - 1);
    FloatVector scale = FloatVector.fromArray(FLOATS, affine, half);
    FloatVector minimum = FloatVector.fromArray(FLOATS, affine, ROWS + half);
    int i = at;
    int to = panelAt;
    for (int u = 0; u < units; u++) {
      IntVector t = IntVector.zero(INTS);
      for (int v = 0; v < words; v++) {
        IntVector p = IntVector.fromArray(INTS, w, i);
        for (int j = 0; j < whole; j++) {
          FloatVector f = (FloatVector) p.lanewise(LSHR, j * bits).and(mask).convert(I2F, 0);
          f.fma(scale, minimum).intoArray(panel, to);
          to += PANEL;
        }
        t = p.lanewise(LSHR, Integer.SIZE - SPREAD).lanewise(LSHL, SPREAD * (words - 1 - v)).or(t);
        i += ROWS;
      }
      for (int j = rest - 1; j >= 0; j--) {
        FloatVector f = (FloatVector) t.lanewise(LSHR, j * bits).and(mask).convert(I2F, 0);
        f.fma(scale, minimum).intoArray(panel, to);
        to += PANEL;
      }
    }
  }
}
