package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import java.util.Optional;

/**
 * The factor of a symmetric positive definite matrix in double: {@code A = LᵀL} with a lower
 * triangular L, computed from the last row up.
 *
 * <p>That order is the one that makes what GPTQ needs cheap: the upper triangular U with {@code A⁻¹
 * = UᵀU} is {@code (L⁻¹)ᵀ}, so that one factorization and one triangular inverse take the place of
 * two factorizations and a full inverse. Blocked; the bits do not depend on the threads.
 */
public final class Cholesky {
  private static final int BLOCK = 64;

  /** Columns that are gone through together: the rows of a block stay in the second-level cache. */
  private static final int TILE = 512;

  private final double[][] factor;

  private Cholesky(double[][] factor) {
    this.factor = factor;
  }

  /**
   * The factor of {@code a}.
   *
   * @param a not changed
   * @return empty if it is not positive definite to working precision
   */
  public static Optional<Cholesky> of(Symmetric a) {
    return inPlace(a.scaled(1));
  }

  /** The factor of {@code a}, which it overwrites and keeps. */
  static Optional<Cholesky> inPlace(Symmetric a) {
    double[][] l = a.rows();
    int end = l.length;
    while (end > 0) {
      int first = (end - 1) / BLOCK * BLOCK;
      if (!diagonal(l, first, end)) {
        return Optional.empty();
      }
      panel(l, first, end);
      subtract(l, first, end);
      end = first;
    }
    return Optional.of(new Cholesky(l));
  }

  /** Factors the block of rows and columns {@code [first, end)} on the diagonal. */
  private static boolean diagonal(double[][] l, int first, int end) {
    for (int k = end - 1; k >= first; k--) {
      double pivot = l[k][k];
      if (!(pivot > 0) || pivot == Double.POSITIVE_INFINITY) {
        return false;
      }
      double d = Math.sqrt(pivot);
      l[k][k] = d;
      for (int j = first; j < k; j++) {
        l[k][j] /= d;
      }
      for (int i = first; i < k; i++) {
        RowUpdates.add(l[i], -l[k][i], l[k], first, i + 1);
      }
    }
    return true;
  }

  /** Rows {@code [first, end)} left of their diagonal block. */
  private static void panel(double[][] l, int first, int end) {
    tiles(
        first,
        (from, to) -> {
          for (int i = end - 1; i >= first; i--) {
            int k = end - 1;
            for (; k - 3 > i; k -= 4) {
              RowUpdates.add(
                  l[i],
                  -l[k][i],
                  -l[k - 1][i],
                  -l[k - 2][i],
                  -l[k - 3][i],
                  l[k],
                  l[k - 1],
                  l[k - 2],
                  l[k - 3],
                  from,
                  to);
            }
            for (; k > i; k--) {
              RowUpdates.add(l[i], -l[k][i], l[k], from, to);
            }
            RowUpdates.scale(l[i], 1 / l[i][i], from, to);
          }
        });
  }

  private static void tiles(int columns, Parallel.Body body) {
    Parallel.rows(
        Math.ceilDiv(columns, TILE / 2),
        1,
        (a, b) -> {
          for (int t = a; t < b; t++) {
            body.run(t * TILE / 2, Math.min(columns, (t + 1) * TILE / 2));
          }
        });
  }

  /** Takes what rows {@code [first, end)} contribute from the rows above them. */
  private static void subtract(double[][] l, int first, int end) {
    Parallel.rows(
        Math.ceilDiv(first, 2),
        8,
        (a, b) -> {
          for (int from = 0; from < Math.min(first, 2 * b); from += TILE) {
            for (int i = Math.max(2 * a, from / 2 * 2); i < Math.min(first, 2 * b); i += 2) {
              subtract(l, first, end, i, from, from + TILE);
            }
          }
        });
  }

  /** The same for rows {@code i} and {@code i + 1}; {@code first} is even. */
  private static void subtract(double[][] l, int first, int end, int i, int from, int limit) {
    int to = Math.min(limit, i + 1);
    double[] c = l[i];
    double[] d = l[i + 1];
    int k = first;
    for (; k + 4 <= end; k += 4) {
      double[] b0 = l[k];
      double[] b1 = l[k + 1];
      double[] b2 = l[k + 2];
      double[] b3 = l[k + 3];
      RowUpdates.add(
          c,
          d,
          -b0[i],
          -b1[i],
          -b2[i],
          -b3[i],
          -b0[i + 1],
          -b1[i + 1],
          -b2[i + 1],
          -b3[i + 1],
          b0,
          b1,
          b2,
          b3,
          from,
          to);
    }
    for (; k < end; k++) {
      RowUpdates.add(c, -l[k][i], l[k], from, to);
      RowUpdates.add(d, -l[k][i + 1], l[k], from, to);
    }
    if (i + 1 < limit) {
      for (k = first; k < end; k++) {
        d[i + 1] = Math.fma(-l[k][i + 1], l[k][i + 1], d[i + 1]);
      }
    }
  }

  private int dim() {
    return factor.length;
  }

  /** {@code A⁻¹} in double; for tests. */
  Symmetric inverse() {
    double[][] m = inverseFactor();
    Symmetric result = new Symmetric(dim());
    Parallel.rows(
        dim(),
        8,
        (a, b) -> {
          for (int i = a; i < b; i++) {
            for (int j = 0; j <= i; j++) {
              double sum = 0;
              for (int k = 0; k <= j; k++) {
                sum += m[i][k] * m[j][k];
              }
              result.rows()[i][j] = sum;
            }
          }
        });
    return result;
  }

  /**
   * The upper triangular U with a positive diagonal and {@code A⁻¹ = UᵀU}, rounded to float: {@code
   * [dim, dim]} row by row, zeros below the diagonal.
   */
  public float[] upperOfInverse() {
    int n = dim();
    float[] upper = new float[Math.multiplyExact(n, n)];
    double[][] m = inverseFactor();
    Parallel.rows(
        Math.ceilDiv(n, BLOCK),
        1,
        (a, b) -> {
          // Square by square, so that both sides stay in the cache.
          for (int j0 = a * BLOCK; j0 < n; j0 += BLOCK) {
            for (int j = j0; j < Math.min(n, j0 + BLOCK); j++) {
              for (int i = a * BLOCK; i <= Math.min(j, b * BLOCK - 1); i++) {
                upper[i * n + j] = (float) m[j][i];
              }
            }
          }
        });
    return upper;
  }

  /** {@code L⁻¹} by rows, each as long as its diagonal block reaches. */
  private double[][] inverseFactor() {
    int n = dim();
    double[][] m = new double[n][];
    for (int first = 0; first < n; first += BLOCK) {
      int end = Math.min(n, first + BLOCK);
      for (int i = first; i < end; i++) {
        m[i] = new double[end];
      }
      multiply(m, first, end);
      double[][] small = smallInverse(first, end);
      int start = first;
      tiles(first, (from, to) -> multiplyNegated(small, m, start, from, to));
      for (int i = first; i < end; i++) {
        System.arraycopy(small[i - first], 0, m[i], first, i - first + 1);
      }
    }
    return m;
  }

  /** {@code m[i, ..first) = Σ_k factor[i, k]·m[k, ..first)} for rows {@code [first, end)}. */
  private void multiply(double[][] m, int first, int end) {
    Parallel.rows(
        Math.ceilDiv(end - first, 2),
        1,
        (a, b) -> {
          for (int k0 = 0; k0 < first; k0 += BLOCK) {
            for (int from = 0; from < k0 + BLOCK; from += TILE) {
              for (int i = first + 2 * a; i < Math.min(end, first + 2 * b); i += 2) {
                multiply(
                    m, i, Math.min(i + 1, end - 1), k0, from, Math.min(k0 + BLOCK, from + TILE));
              }
            }
          }
        });
  }

  private void multiply(double[][] m, int i, int other, int k0, int from, int to) {
    double[] x = factor[i];
    double[] y = factor[other];
    for (int k = k0; k < k0 + BLOCK; k += 4) {
      if (other == i) {
        RowUpdates.add(
            m[i], x[k], x[k + 1], x[k + 2], x[k + 3], m[k], m[k + 1], m[k + 2], m[k + 3], from, to);
      } else {
        RowUpdates.add(
            m[i], m[other], x[k], x[k + 1], x[k + 2], x[k + 3], y[k], y[k + 1], y[k + 2], y[k + 3],
            m[k], m[k + 1], m[k + 2], m[k + 3], from, to);
      }
    }
  }

  /** The inverse of a diagonal block, by rows. */
  private double[][] smallInverse(int first, int end) {
    int n = end - first;
    double[][] small = new double[n][n];
    for (int i = 0; i < n; i++) {
      double[] row = factor[first + i];
      for (int k = 0; k < i; k++) {
        RowUpdates.add(small[i], -row[first + k], small[k], 0, k + 1);
      }
      small[i][i] = 1;
      RowUpdates.scale(small[i], 1 / row[first + i], 0, i + 1);
    }
    return small;
  }

  /** {@code m = −small·m} in place, rows from {@code first}, columns {@code [from, to)}. */
  private static void multiplyNegated(double[][] small, double[][] m, int first, int from, int to) {
    for (int i = small.length - 1; i >= 0; i--) {
      double[] c = m[first + i];
      RowUpdates.scale(c, -small[i][i], from, to);
      int k = 0;
      for (; k + 4 <= i; k += 4) {
        double[] s = small[i];
        RowUpdates.add(
            c,
            -s[k],
            -s[k + 1],
            -s[k + 2],
            -s[k + 3],
            m[first + k],
            m[first + k + 1],
            m[first + k + 2],
            m[first + k + 3],
            from,
            to);
      }
      for (; k < i; k++) {
        RowUpdates.add(c, -small[i][k], m[first + k], from, to);
      }
    }
  }
}
