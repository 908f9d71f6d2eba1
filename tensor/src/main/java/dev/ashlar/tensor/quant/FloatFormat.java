package dev.ashlar.tensor.quant;

/**
 * Small floats that weights or inputs are rounded to, by exponent and mantissa bits. A code is
 * sign, exponent and mantissa, the sign highest.
 */
public enum FloatFormat {
  /** FP8 without infinities (arXiv 2209.05433): four exponent bits, three of mantissa. */
  E4M3(4, 3, 448),
  /** FP8 as a cut float16 (arXiv 2209.05433): five exponent bits, two of mantissa. */
  E5M2(5, 2, 57344),
  /** FP4 (OCP Microscaling Formats 1.0, section 5.3.3): two exponent bits, one of mantissa. */
  E2M1(2, 1, 6);

  /** Bits of a float32's mantissa. */
  private static final int FLOAT_MANTISSA = 23;

  private final int exponentBits;
  private final int mantissaBits;
  private final float largest;
  private final float normal;
  private final float shifter;

  FloatFormat(int exponentBits, int mantissaBits, float largest) {
    this.exponentBits = exponentBits;
    this.mantissaBits = mantissaBits;
    this.largest = largest;
    this.normal = Math.scalb(1f, smallestExponent());
    this.shifter = Math.scalb(1f, FLOAT_MANTISSA + smallestExponent() - mantissaBits);
  }

  /** Bits of an element, its sign among them. */
  public int bits() {
    return 1 + exponentBits + mantissaBits;
  }

  /** The largest finite value. */
  public float largest() {
    return largest;
  }

  /**
   * The power of two that is the scale of a block (OCP Microscaling Formats 1.0, section 6.3),
   * within what E8M0 holds.
   *
   * @param exponent of the block's largest magnitude
   */
  public float powerOfTwo(int exponent) {
    return Math.scalb(
        1f,
        Math.clamp(exponent - Math.getExponent(largest), -Float.MAX_EXPONENT, Float.MAX_EXPONENT));
  }

  /** The exponent of the smallest normal value. */
  private int smallestExponent() {
    return 2 - (1 << (exponentBits - 1));
  }

  /** The smallest value that has a leading one: what is below lies in equal steps. */
  public float smallestNormal() {
    return normal;
  }

  /** The nearest value, ties to the even mantissa; beyond the largest it is the largest. */
  public float round(float x) {
    float clamped = Math.clamp(x, -largest, largest);
    float magnitude = Math.abs(clamped);
    if (magnitude < normal) {
      // A sum whose last bit is the step below the normal values.
      return Math.copySign(magnitude + shifter - shifter, clamped);
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int even = bits >>> FLOAT_MANTISSA - mantissaBits & 1;
    int half = (1 << FLOAT_MANTISSA - mantissaBits - 1) - 1;
    int rounded = bits + half + even >> FLOAT_MANTISSA - mantissaBits;
    float nearest = Float.intBitsToFloat(rounded << FLOAT_MANTISSA - mantissaBits);
    return Float.isNaN(x) ? x : Math.copySign(nearest, clamped);
  }

  /**
   * The code of a value.
   *
   * @param value one that {@link #round} gives
   */
  public int code(float value) {
    int sign = Float.floatToRawIntBits(value) >>> Float.SIZE - 1 << bits() - 1;
    float magnitude = Math.abs(value);
    int exponent = Math.max(Math.getExponent(magnitude), smallestExponent());
    int steps = (int) Math.scalb(magnitude, mantissaBits - exponent);
    // Below the smallest exponent there is no leading one, and the field is zero.
    return sign | (exponent - smallestExponent() << mantissaBits) + steps;
  }

  /** The value of a code; NaN where that is no number, or an infinity. */
  public float value(int code) {
    int field = (code & (1 << bits() - 1) - 1) >>> mantissaBits;
    int mantissa = code & (1 << mantissaBits) - 1;
    int steps = field == 0 ? mantissa : mantissa + (1 << mantissaBits);
    float magnitude =
        Math.scalb((float) steps, smallestExponent() + Math.max(0, field - 1) - mantissaBits);
    if (magnitude > largest) {
      return Float.NaN;
    }
    return code >>> bits() - 1 == 0 ? magnitude : -magnitude;
  }

  /** The value of each code; of those without one it is zero, so that all are finite. */
  public float[] table() {
    float[] values = new float[1 << bits()];
    for (int code = 0; code < values.length; code++) {
      float value = value(code);
      values[code] = Float.isNaN(value) ? 0 : value;
    }
    return values;
  }
}
