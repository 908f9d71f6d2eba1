package dev.ashlar.tensor.quant;

/** Small floats that weights or inputs are rounded to, by exponent and mantissa bits. */
public enum FloatFormat {
  /** FP8 without infinities (arXiv 2209.05433): four exponent bits, three of mantissa. */
  E4M3(8, 448),
  /** FP8 as a cut float16 (arXiv 2209.05433): five exponent bits, two of mantissa. */
  E5M2(8, 57344),
  /** FP4 (OCP Microscaling Formats 1.0, section 5.3.3): two exponent bits, one of mantissa. */
  E2M1(4, 6);

  private final int bits;
  private final float largest;

  FloatFormat(int bits, float largest) {
    this.bits = bits;
    this.largest = largest;
  }

  /** Bits of an element, its sign among them. */
  public int bits() {
    return bits;
  }

  /** The largest finite value. */
  public float largest() {
    return largest;
  }
}
