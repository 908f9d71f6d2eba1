package dev.ashlar.tensor.kernel;

/**
 * Softmax over rows {@code [from, to)} of {@code x [rows, dim]}. Every backend is within 4 ulp of
 * the exact value for the rounded differences {@code x − max}.
 */
public interface SoftmaxKernel {
  /** {@code y = exp(x − max) / Σ exp(x − max)}; {@code x} and {@code y} may be the same array. */
  void forward(int from, int to, int dim, float[] x, float[] y);

  /** {@code dx (+)= y · (dy − Σ y·dy)}. */
  void backward(int from, int to, int dim, float[] y, float[] dy, float[] dx, boolean accumulate);
}
