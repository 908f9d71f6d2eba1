package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.HalfMatrix;

/**
 * Dense matrix products in the three layouts that training needs. Matrices are row-major with row
 * strides {@code lda, ldb, ldc}. The kernel splits its own work over {@code Parallel}; every
 * element of the result is summed in an order that does not depend on the split.
 */
public interface MatMulKernel {
  /** {@code c[m,n] (+)= a[m,k] · b[n,k]ᵀ}: a linear layer, {@code y = x·wᵀ}. */
  void xwt(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate);

  /**
   * {@code y[m, out] = x[m, in] · wᵀ} with a matrix of 16-bit floats, without making floats of all
   * of it: the product with its floats, summed in another order.
   *
   * @param m rows of x and y, both without gaps
   */
  void xwt(int m, float[] x, int xOff, HalfMatrix w, float[] y, int yOff);

  /** {@code c[m,n] (+)= a[m,k] · b[k,n]}: the input gradient, {@code dx = dy·w}. */
  void xw(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate);

  /**
   * {@code dx[m, in] (+)= dy[m, out] · w}: the input gradient of a product with 16-bit floats, the
   * bits that {@link #xw} has for its floats.
   *
   * @param m rows of dy and dx, both without gaps
   */
  void xw(int m, float[] dy, int dyOff, HalfMatrix w, float[] dx, int dxOff, boolean accumulate);

  /** {@code c[m,n] (+)= a[k,m]ᵀ · b[k,n]}: the weight gradient, {@code dw = dyᵀ·x}. */
  void xtw(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int lda,
      float[] b,
      int bOff,
      int ldb,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate);
}
