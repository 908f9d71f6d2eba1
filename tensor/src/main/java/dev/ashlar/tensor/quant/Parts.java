package dev.ashlar.tensor.quant;

import java.util.function.IntUnaryOperator;

/** What the parts of a quantized matrix do to their arrays. */
final class Parts {
  private static final int EXPONENT = 0x7F800000;

  private Parts() {}

  static void require(String what, long found, long expected) {
    if (found != expected) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  static void positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be positive: " + value);
    }
  }

  /** A plain loop: files are checked before any vector kernel is compiled. */
  static boolean finite(float[] values) {
    int found = 0;
    for (float value : values) {
      // Carries into the sign bit if the exponent is all ones.
      found |= (Float.floatToRawIntBits(value) & EXPONENT) + 0x00800000;
    }
    return found >= 0;
  }

  /** The first {@code to} of each {@code from} elements of some rows. */
  static float[] rows(float[] all, int rows, IntUnaryOperator source, int from, int to) {
    float[] few = new float[Math.multiplyExact(rows, to)];
    for (int o = 0; o < rows; o++) {
      System.arraycopy(all, source.applyAsInt(o) * from, few, o * to, to);
    }
    return few;
  }

  static byte[] rows(byte[] all, int rows, IntUnaryOperator source, int from, int to) {
    byte[] few = new byte[Math.multiplyExact(rows, to)];
    for (int o = 0; o < rows; o++) {
      System.arraycopy(all, source.applyAsInt(o) * from, few, o * to, to);
    }
    return few;
  }
}
