package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Products of bytes with codes of 8 bits, four to an int. Masked, an int is two shorts, each a
 * code; a code times a byte, at most 255 · 127, fits into a short, and products are widened before
 * they are summed.
 */
final class VectorPackedBytes {
  /** Codes of an int. */
  private static final int UNIT = 4;

  private static final int EVEN = 0x00FF00FF;

  private VectorPackedBytes() {}

  /**
   * Activations as {@link #sum} wants them: for each four two ints, the first and the third as
   * shorts, then the second and the fourth.
   *
   * @param b codes from {@code at}
   */
  static void pair(int[] b, int at, int width, int[] pairs, int pairsAt) {
    for (int k = 0; k < width; k += UNIT) {
      pairs[pairsAt + k] = b[at + k] & 0xFFFF | b[at + k + 2] << 16;
      pairs[pairsAt + k + 1] = b[at + k + 1] & 0xFFFF | b[at + k + 3] << 16;
    }
  }

  /** See {@link VectorPackedCodes#sumBytes}. */
  static void sum(
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
    for (int g = 0; g < groups; g++) {
      int first = at + g * units * ROWS;
      int k = pairsAt + g * units * UNIT;
      for (int half = 0; half < ROWS; half += LANES) {
        IntVector sum = sum(w, first + half, units, pairs, k);
        FloatVector value = (FloatVector) sum.convert(I2F, 0);
        value
            .mul(FloatVector.broadcast(FLOATS, steps[stepsAt + g]))
            .intoArray(sums, sumsAt + g * ROWS + half);
      }
    }
  }

  private static IntVector sum(int[] w, int at, int units, int[] pairs, int pairsAt) {
    IntVector mask = IntVector.broadcast(INTS, EVEN);
    IntVector even = IntVector.zero(INTS);
    IntVector odd = IntVector.zero(INTS);
    for (int u = 0; u < units; u++) {
      IntVector p = IntVector.fromArray(INTS, w, at + u * ROWS);
      int k = pairsAt + u * UNIT;
      IntVector a = product(p.and(mask), pairs[k]);
      IntVector b = product(p.lanewise(LSHR, 8).and(mask), pairs[k + 1]);
      even = even.add(a.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(a.lanewise(ASHR, 16));
      odd = odd.add(b.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(b.lanewise(ASHR, 16));
    }
    return even.add(odd);
  }

  private static IntVector product(IntVector codes, int pair) {
    return codes
        .reinterpretAsShorts()
        .mul(IntVector.broadcast(INTS, pair).reinterpretAsShorts())
        .reinterpretAsInts();
  }
}
