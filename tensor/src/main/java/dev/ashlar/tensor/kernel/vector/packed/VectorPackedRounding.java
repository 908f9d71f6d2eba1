package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.LANES;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;

import dev.ashlar.tensor.kernel.ActivationPrecision;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rounds activations as {@link ActivationPrecision#INT8} says, group by group. */
final class VectorPackedRounding {
  /** Added to a small float, this leaves the nearest integer, ties to even, in the lowest bits. */
  private static final float SHIFTER = 0x1.8p23f;

  private static final int SHIFTER_BITS = 0x4B400000;
  private static final int MAGNITUDE = 0x7FFFFFFF;
  private static final int INFINITY = 0x7F800000;

  /** Ints in front of the codes, so that each has one before it. */
  private static final int FRONT = 16;

  /** Codes of a row in half a unit at most. */
  private static final int MAX_HALF = 8;

  /** For codes of 2 and of 4 bits −1 at each place but the first of half a unit. */
  private static final int[] FOLLOWS_2 = follows(2);

  private static final int[] FOLLOWS_4 = follows(4);

  private VectorPackedRounding() {}

  /**
   * The step of {@code n} activations: 0 if they are all zero or next to it, NaN if one is not
   * finite.
   */
  static float step(float[] x, int at, int n) {
    int end = at + n;
    int i = at;
    IntVector most = IntVector.zero(INTS);
    for (; i <= end - LANES; i += LANES) {
      // As integers the bits of magnitudes are in their order, with NaN above infinity.
      IntVector bits = FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts().and(MAGNITUDE);
      most = bits.max(most);
    }
    int largest = most.reduceLanes(MAX);
    for (; i < end; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(x[i]) & MAGNITUDE);
    }
    float step = Float.intBitsToFloat(largest) / ActivationPrecision.MAX_CODE;
    return largest >= INFINITY ? Float.NaN : step < ActivationPrecision.MIN_STEP ? 0 : step;
  }

  /** What activations are multiplied by to count steps. */
  private static float inverse(float step) {
    return step > 0 ? 1 / step : 0;
  }

  /** Ints that {@link #codes} of {@code width} columns take, with room around them. */
  static int codesSize(int width) {
    return Math.addExact(width, FRONT + 2 * LANES + MAX_HALF);
  }

  /** Ints that {@link #pair} fills for {@code m} rows of {@code width} columns. */
  static int pairsSize(int m, int width) {
    return Math.addExact(Math.multiplyExact(m, width), LANES);
  }

  /**
   * Codes of {@code n} activations, {@code b[FRONT + k + i]}; any ints if the step is NaN.
   *
   * @return the sum of the codes
   */
  static int codes(float[] x, int at, int n, float step, int[] b, int k) {
    int bAt = FRONT + k;
    float inverse = inverse(step);
    FloatVector scale = FloatVector.broadcast(FLOATS, inverse);
    FloatVector shifter = FloatVector.broadcast(FLOATS, SHIFTER);
    IntVector bits = IntVector.broadcast(INTS, SHIFTER_BITS);
    IntVector sums = IntVector.zero(INTS);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + i).mul(scale).add(shifter);
      IntVector code = v.reinterpretAsInts().sub(bits);
      code.intoArray(b, bAt + i);
      sums = code.add(sums);
    }
    int sum = sums.reduceLanes(ADD);
    for (; i < n; i++) {
      int code = Float.floatToRawIntBits(x[at + i] * inverse + SHIFTER) - SHIFTER_BITS;
      b[bAt + i] = code;
      sum += code;
    }
    return sum;
  }

  /**
   * Codes of a row as {@link VectorPackedCodes#sumBytes} wants them: at the place of code {@code j}
   * of a unit's low half a pair of shorts, that code's difference and that of code {@code j} of the
   * high half. What stands at the places of the high half is not used.
   *
   * @param b {@link #codes} of {@code width} columns
   * @param columns of a unit
   * @param bits of the weights' codes
   * @param pairs takes {@code width} and up to a vector more ints from {@code pairsAt}
   */
  static void pair(int[] b, int width, int columns, int bits, int[] pairs, int pairsAt) {
    if (bits == Byte.SIZE) {
      VectorPackedBytes.pair(b, FRONT, width, pairs, pairsAt);
      return;
    }
    int half = columns / 2;
    int[] follows = bits == 2 ? FOLLOWS_2 : FOLLOWS_4;
    IntVector low = IntVector.broadcast(INTS, 0xFFFF);
    for (int k = 0; k < width; k += LANES) {
      int i = FRONT + k;
      // All but the first of a half have one before them.
      IntVector before = IntVector.fromArray(INTS, follows, k % columns);
      IntVector p = IntVector.fromArray(INTS, b, i - 1).and(before);
      IntVector q = IntVector.fromArray(INTS, b, i - 1 + half).and(before);
      p = IntVector.fromArray(INTS, b, i).sub(p.lanewise(LSHL, bits));
      q = IntVector.fromArray(INTS, b, i + half).sub(q.lanewise(LSHL, bits));
      p.and(low).or(q.lanewise(LSHL, 16)).intoArray(pairs, pairsAt + k);
    }
  }

  private static int[] follows(int bits) {
    int[] follows = new int[FRONT + LANES];
    int half = Integer.SIZE / bits / 2;
    for (int k = 0; k < follows.length; k++) {
      follows[k] = k % half == 0 ? 0 : -1;
    }
    return follows;
  }

  /** Puts the nearest multiples of the step into the place of {@code n} activations. */
  static void round(float[] x, int at, int n) {
    float step = step(x, at, n);
    float inverse = inverse(step);
    for (int i = at; i < at + n; i++) {
      x[i] = (x[i] * inverse + SHIFTER - SHIFTER) * step;
    }
  }
}
