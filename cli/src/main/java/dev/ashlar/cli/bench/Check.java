package dev.ashlar.cli.bench;

import java.util.function.Supplier;

/**
 * A comparison that stands before a time: what computes something else is not faster.
 *
 * @param answer what the call before has come to, or as much of it as the other side computes
 * @param expected the same by the reference
 * @param tolerance largest distance that rounding explains, relative to the reference's answer
 */
record Check(Supplier<float[]> answer, Supplier<float[]> expected, double tolerance) {
  /** What sums of some thousand floats may differ by in another order, with a margin. */
  static final double SUMS = 1e-5;

  /** {@code ‖answer − expected‖ / ‖expected‖}; NaN if one of them has such an element. */
  double relativeL2() {
    return relativeL2(answer.get(), expected.get());
  }

  static double relativeL2(float[] answer, float[] expected) {
    if (answer.length != expected.length) {
      throw new IllegalArgumentException(
          "answers of " + answer.length + " and " + expected.length + " elements");
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < answer.length; i++) {
      double d = (double) answer[i] - expected[i];
      difference += d * d;
      norm += (double) expected[i] * expected[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }

  /** Whether an answer so far off is right all the same. */
  boolean admits(double relativeL2) {
    return relativeL2 <= tolerance;
  }
}
