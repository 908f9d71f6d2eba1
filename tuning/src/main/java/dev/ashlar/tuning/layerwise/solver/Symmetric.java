package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;

/** A symmetric matrix {@code [dim, dim]} in double, kept as the rows of its lower triangle. */
public final class Symmetric {
  /** Elements below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  private final double[][] rows;

  /** Zeros. */
  public Symmetric(int dim) {
    rows = new double[dim][];
    for (int i = 0; i < dim; i++) {
      rows[i] = new double[i + 1];
    }
  }

  public int dim() {
    return rows.length;
  }

  /** The live rows: row {@code i} is {@code [i + 1]}, its last element on the diagonal. */
  public double[][] rows() {
    return rows;
  }

  /** The element at {@code i, j} in either order. */
  public double at(int i, int j) {
    return i >= j ? rows[i][j] : rows[j][i];
  }

  /** A copy of the diagonal, {@code [dim]}. */
  public double[] diagonal() {
    double[] d = new double[dim()];
    for (int i = 0; i < d.length; i++) {
      d[i] = rows[i][i];
    }
    return d;
  }

  /** The mean of the diagonal. */
  public double meanDiagonal() {
    double sum = 0;
    for (double d : diagonal()) {
      sum += d;
    }
    return sum / dim();
  }

  /** A copy times {@code factor}. */
  public Symmetric scaled(double factor) {
    return ordered(ColumnOrder.natural(dim()), factor);
  }

  /**
   * A copy with rows and columns in another order.
   *
   * @param order which row of this one comes to each place, {@code [dim]}
   */
  public Symmetric ordered(int[] order) {
    return ordered(order, 1);
  }

  /** Both at once: {@code factor · this[order, order]}. */
  public Symmetric ordered(int[] order, double factor) {
    Symmetric to = new Symmetric(dim());
    Parallel.rows(
        dim(),
        Math.max(1, GRAIN / Math.max(1, dim())),
        (first, end) -> {
          for (int i = first; i < end; i++) {
            for (int j = 0; j <= i; j++) {
              to.rows[i][j] = at(order[i], order[j]) * factor;
            }
          }
        });
    return to;
  }

  /** The whole matrix rounded to float, {@code [dim, dim]} row by row. */
  public float[] floats() {
    return floats(1);
  }

  /** The same times {@code factor}. */
  public float[] floats(double factor) {
    int n = dim();
    float[] all = new float[Math.multiplyExact(n, n)];
    Parallel.rows(
        n,
        Math.max(1, GRAIN / Math.max(1, n)),
        (first, end) -> {
          for (int i = first; i < end; i++) {
            for (int j = 0; j < n; j++) {
              all[i * n + j] = (float) (at(i, j) * factor);
            }
          }
        });
    return all;
  }
}
