package dev.ashlar.tensor.kernel;

/**
 * Does nothing useful as fast as the backend can: the ceiling that its kernels are held against.
 */
public interface ProbeKernel {
  /**
   * Multiplies and adds on registers alone, {@code steps} times on each of several independent
   * chains.
   *
   * @param sums receives what the chains came to at {@code off} and beyond, so that the work cannot
   *     be left out; {@link #width()} floats
   * @return float operations done, a multiplication and an addition each counting one
   */
  double multiplyAdds(int steps, float[] sums, int off);

  /** Floats that {@link #multiplyAdds} writes. */
  int width();
}
