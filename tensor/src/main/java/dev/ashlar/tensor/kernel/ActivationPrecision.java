package dev.ashlar.tensor.kernel;

/** How a product with packed weights takes its activations. */
public enum ActivationPrecision {
  /** As they are. */
  FLOAT,

  /**
   * Rounded to bytes where the weights' codes have 2 or 4 bits, so that the product multiplies
   * integers, which is faster; all other weights take floats.
   *
   * <p>The activations of a row that meet one group of weights share a step, {@code s = max |x| /
   * 127}, and each becomes the nearest multiple of it, ties to even. This changes a product by at
   * most {@code Σ_g s_g / 2 · Σ_{k in g} |w[o, k]|}, apart from the roundings of floats. Beyond
   * those the result depends neither on the backend nor on how many rows are multiplied at once.
   *
   * <p>A group whose step would be below {@link #MIN_STEP} counts as zeros. A group that holds NaN
   * or an infinity makes its row of the result NaN.
   */
  INT8,

  /**
   * Rounded to bytes as {@link #INT8} does it, but with one step for each row (a token) instead of
   * one for each group of weights, and whatever the weights' bits: what a checkpoint of 8-bit
   * inputs with dynamic scales of tokens asks for. Codes of 2, 4 and 8 bits are multiplied as
   * integers, others as floats of the rounded values.
   */
  INT8_TOKEN;

  /** Largest code of a rounded activation; the smallest is its negative. */
  public static final int MAX_CODE = 127;

  /** Steps below this are zero; the others are normal floats, and so are their inverses. */
  public static final float MIN_STEP = 0x1p-122f;

  /** Columns up to which 32 bits hold a sum of products of codes. */
  private static final int MAX_COLUMNS = 1 << 20;

  /** The same for codes of 8 bits. */
  private static final int MAX_BYTE_COLUMNS = 1 << 16;

  private static final int BYTE = 8;

  /**
   * Whether activations are rounded for a matrix of {@code in} columns.
   *
   * @param bits of the weights' codes as they are declared, whatever a backend keeps them in
   */
  public boolean rounds(int bits, int in) {
    return this == INT8_TOKEN || this == INT8 && multipliesIntegers(bits, in) && bits < BYTE;
  }

  /**
   * Whether rounded activations are multiplied as integers with codes of {@code bits} bits.
   *
   * @param bits of the codes as they are kept
   */
  public static boolean multipliesIntegers(int bits, int in) {
    return switch (bits) {
      case 2, 4 -> in <= MAX_COLUMNS;
      case BYTE -> in <= MAX_BYTE_COLUMNS;
      default -> false;
    };
  }

  /** Whether all activations of a row share a step. */
  public boolean byToken() {
    return this == INT8_TOKEN;
  }
}
