package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;

/** An order in which each column is followed by the one whose weights rank most alike. */
final class Spearman {
  private Spearman() {}

  /**
   * A chain from the first column on; of equally similar ones the first is taken.
   *
   * @param w {@code [out, in]}
   */
  static int[] order(Tensor w) {
    int out = w.dim(0);
    int in = w.dim(1);
    double[][] ranks = new double[in][];
    Parallel.rows(
        in,
        8,
        (a, b) -> {
          for (int k = a; k < b; k++) {
            ranks[k] = ranks(w.data(), k, out, in);
          }
        });
    boolean[] taken = new boolean[in];
    int[] order = new int[in];
    taken[0] = true;
    double[] likeness = new double[in];
    for (int at = 1; at < in; at++) {
      double[] last = ranks[order[at - 1]];
      Parallel.rows(
          in,
          64,
          (a, b) -> {
            for (int k = a; k < b; k++) {
              likeness[k] = taken[k] ? Double.NEGATIVE_INFINITY : product(last, ranks[k]);
            }
          });
      int best = 0;
      for (int k = 1; k < in; k++) {
        best = likeness[k] > likeness[best] ? k : best;
      }
      order[at] = best;
      taken[best] = true;
    }
    return order;
  }

  /** Places of a column's weights when sorted, centred and of length one. */
  private static double[] ranks(float[] w, int column, int out, int in) {
    double[] values = new double[out];
    for (int o = 0; o < out; o++) {
      values[o] = -w[o * in + column];
    }
    int[] sorted = ColumnOrder.descending(values);
    double[] ranks = new double[out];
    double squares = 0;
    for (int i = 0; i < out; i++) {
      ranks[sorted[i]] = i - (out - 1) / 2.0;
      squares += ranks[sorted[i]] * ranks[sorted[i]];
    }
    if (squares > 0) {
      RowUpdates.scale(ranks, 1 / Math.sqrt(squares), 0, out);
    }
    return ranks;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
