package dev.ashlar.tensor.kernel;

/**
 * Normalization of rows {@code [from, to)} of {@code x [rows, dim]}. Weights are effective weights:
 * a family that stores {@code weight − 1} adds the 1 when it loads.
 */
public interface NormKernel {
  /**
   * Root-mean-square norm: {@code y = x · r · weight}, {@code r = 1/sqrt(mean(x²) + eps)}.
   *
   * @param weight {@code [dim]}, or null for none
   * @param rstd {@code [rows]}, receives {@code r}
   */
  void rms(
      int from, int to, int dim, float eps, float[] x, float[] weight, float[] y, float[] rstd);

  /**
   * Gradients of {@link #rms}. {@code dx} is written or added to; {@code dWeight} (null: not
   * wanted) is always added to, in row order.
   */
  void rmsBackward(
      int from,
      int to,
      int dim,
      float[] x,
      float[] weight,
      float[] rstd,
      float[] dy,
      float[] dx,
      boolean accumulate,
      float[] dWeight);

  /**
   * Layer norm: {@code y = (x − mean) · r · weight + bias}.
   *
   * @param weight {@code [dim]}, or null
   * @param bias {@code [dim]}, or null
   * @param mean {@code [rows]}, receives the row means
   * @param rstd {@code [rows]}, receives {@code 1/sqrt(var + eps)}
   */
  void layer(
      int from,
      int to,
      int dim,
      float eps,
      float[] x,
      float[] weight,
      float[] bias,
      float[] y,
      float[] mean,
      float[] rstd);

  /** Gradients of {@link #layer}; {@code dWeight} and {@code dBias} (or null) are added to. */
  void layerBackward(
      int from,
      int to,
      int dim,
      float[] x,
      float[] weight,
      float[] mean,
      float[] rstd,
      float[] dy,
      float[] dx,
      boolean accumulate,
      float[] dWeight,
      float[] dBias);
}
