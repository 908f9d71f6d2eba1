package dev.ashlar.tensor.kernel;

/** Element-by-element arithmetic on {@code n} floats. Inputs and output may be the same array. */
public interface ElementwiseKernel {
  /** {@code y (+)= x}. */
  void copy(int n, float[] x, int xOff, float[] y, int yOff, boolean accumulate);

  /** {@code y = a + b}. */
  void add(int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff);

  /** {@code y (+)= a · b}. */
  void multiply(
      int n, float[] a, int aOff, float[] b, int bOff, float[] y, int yOff, boolean accumulate);

  /** {@code y (+)= s · x}. */
  void scale(int n, float s, float[] x, int xOff, float[] y, int yOff, boolean accumulate);

  /**
   * {@code y = e^x}, within 1 ulp; a result that would be denormal may be 0, an infinity or NaN in
   * {@code x} gives what {@link Math#exp} does.
   */
  void exp(int n, float[] x, int xOff, float[] y, int yOff);

  /** Whether all of {@code x} is finite. */
  boolean allFinite(int n, float[] x, int xOff);
}
