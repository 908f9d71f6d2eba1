package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.Arrays;

/** Triple loops, each element summed in double in the order of k. */
final class ReferenceMatMul implements MatMulKernel {
  @Override
  public void xwt(
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
      boolean accumulate) {
    product(m, n, k, a, aOff, lda, 1, b, bOff, 1, ldb, c, cOff, ldc, accumulate);
  }

  @Override
  public void xwt(int m, float[] x, int xOff, HalfMatrix w, float[] y, int yOff) {
    Parallel.rows(
        w.out(),
        1,
        (from, to) -> {
          float[] row = new float[w.in()];
          for (int j = from; j < to; j++) {
            w.readRow(j, row, 0);
            for (int i = 0; i < m; i++) {
              double sum = 0;
              for (int p = 0; p < row.length; p++) {
                sum += (double) x[xOff + i * row.length + p] * row[p];
              }
              y[yOff + i * w.out() + j] = (float) sum;
            }
          }
        });
  }

  @Override
  public void xw(
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
      boolean accumulate) {
    product(m, n, k, a, aOff, lda, 1, b, bOff, ldb, 1, c, cOff, ldc, accumulate);
  }

  @Override
  public void xw(
      int m, float[] dy, int dyOff, HalfMatrix w, float[] dx, int dxOff, boolean accumulate) {
    int n = w.in();
    Parallel.rows(
        m,
        1,
        (from, to) -> {
          double[] sums = new double[n];
          for (int i = from; i < to; i++) {
            Arrays.fill(sums, 0);
            for (int p = 0; p < w.out(); p++) {
              for (int j = 0; j < n; j++) {
                sums[j] += (double) dy[dyOff + i * w.out() + p] * w.value(p * n + j);
              }
            }
            for (int j = 0; j < n; j++) {
              int at = dxOff + i * n + j;
              dx[at] = accumulate ? (float) (dx[at] + sums[j]) : (float) sums[j];
            }
          }
        });
  }

  @Override
  public void xtw(
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
      boolean accumulate) {
    product(m, n, k, a, aOff, 1, lda, b, bOff, ldb, 1, c, cOff, ldc, accumulate);
  }

  /** {@code c[i,j] (+)= Σ_p a[aOff + i·aRow + p·aCol] · b[bOff + p·bRow + j·bCol]}. */
  private static void product(
      int m,
      int n,
      int k,
      float[] a,
      int aOff,
      int aRow,
      int aCol,
      float[] b,
      int bOff,
      int bRow,
      int bCol,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    Parallel.rows(
        m,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            for (int j = 0; j < n; j++) {
              double sum = 0;
              for (int p = 0; p < k; p++) {
                sum += (double) a[aOff + i * aRow + p * aCol] * b[bOff + p * bRow + j * bCol];
              }
              int at = cOff + i * ldc + j;
              c[at] = accumulate ? (float) (c[at] + sum) : (float) sum;
            }
          }
        });
  }
}
