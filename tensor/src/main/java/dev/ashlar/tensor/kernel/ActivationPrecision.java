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
  INT8;

  /** Largest code of a rounded activation; the smallest is its negative. */
  public static final int MAX_CODE = 127;

  /** Steps below this are zero; the others are normal floats, and so are their inverses. */
  public static final float MIN_STEP = 0x1p-122f;

  /** Columns up to which 32 bits hold a sum of products of codes. */
  private static final int MAX_COLUMNS = 1 << 20;

  /**
   * Whether activations are rounded for a matrix of {@code in} columns.
   *
   * @param bits of the weights' codes as they are declared, whatever a backend keeps them in
   */
  public boolean rounds(int bits, int in) {
    return this == INT8 && (bits == 2 || bits == 4) && in <= MAX_COLUMNS;
  }
}
