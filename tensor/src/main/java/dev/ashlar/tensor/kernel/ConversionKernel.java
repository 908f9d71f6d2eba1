package dev.ashlar.tensor.kernel;

/**
 * Between float32 and the two 16-bit float types, element by element; the bits of the result are
 * the same on every backend. Narrowing rounds to nearest, ties to even, beyond the range to
 * infinity; a NaN stays one.
 */
public interface ConversionKernel {
  /** {@code y[yOff..] = x[xOff..]} on {@code n} bfloat16 numbers; exact. */
  void widenBf16(int n, short[] x, int xOff, float[] y, int yOff);

  /** {@code y[yOff..] = x[xOff..]} rounded to bfloat16. */
  void narrowBf16(int n, float[] x, int xOff, short[] y, int yOff);

  /** {@code y[yOff..] = x[xOff..]} on {@code n} IEEE half-precision numbers; exact. */
  void widenF16(int n, short[] x, int xOff, float[] y, int yOff);

  /** {@code y[yOff..] = x[xOff..]} rounded to half precision. */
  void narrowF16(int n, float[] x, int xOff, short[] y, int yOff);
}
