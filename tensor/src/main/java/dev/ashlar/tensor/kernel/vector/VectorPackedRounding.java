package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.FLOATS;
import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.INTS;
import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.LANES;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.MAX;

import dev.ashlar.tensor.kernel.Activations;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Rounds activations as {@link Activations#INT8} says, group by group. */
final class VectorPackedRounding {
  /** Added to a small float, this leaves the nearest integer, ties to even, in the lowest bits. */
  private static final float SHIFTER = 0x1.8p23f;

  private static final int SHIFTER_BITS = 0x4B400000;
  private static final int MAGNITUDE = 0x7FFFFFFF;
  private static final int INFINITY = 0x7F800000;

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
      most = most.max(bits);
    }
    int largest = most.reduceLanes(MAX);
    for (; i < end; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(x[i]) & MAGNITUDE);
    }
    float step = Float.intBitsToFloat(largest) / Activations.MAX_CODE;
    return largest >= INFINITY ? Float.NaN : step < Activations.MIN_STEP ? 0 : step;
  }

  /** What activations are multiplied by to count steps. */
  private static float inverse(float step) {
    return step > 0 ? 1 / step : 0;
  }

  /**
   * Codes of {@code n} activations, {@code b[bAt + i]}; any bytes if the step is NaN.
   *
   * @return the sum of the codes
   */
  static int codes(float[] x, int at, int n, float step, int[] b, int bAt) {
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
      sums = sums.add(code);
    }
    int sum = sums.reduceLanes(ADD);
    for (; i < n; i++) {
      int code = Float.floatToRawIntBits(x[at + i] * inverse + SHIFTER) - SHIFTER_BITS;
      b[bAt + i] = code;
      sum += code;
    }
    return sum;
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
