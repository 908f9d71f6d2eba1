package dev.ashlar.tensor.quant;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Weights that are too large for the grid of their group, kept as floats beside the codes.
 *
 * <p>They are <em>added</em>: the codes hold what remains when the outliers have been subtracted
 * from the weights, as in the outlier-aware QuantEase (arXiv 2309.01885, section 4: {@code W ≈ Ŵ +
 * H}). A method whose outliers stand in place of a code (SpQR, arXiv 2306.03078) stores their
 * difference from what the code gives. Activations are multiplied by outliers as they are, even
 * where those that meet codes are rounded.
 *
 * <p>Arrays are shared, not copied; treat them as read-only.
 */
public sealed interface Outliers {
  /** Floats that are stored. */
  int count();

  /** Bytes of values and places, in memory. */
  long byteSize();

  /** Adds row {@code o} to a row of weights. */
  void addTo(int o, float[] row, int at);

  /** {@code Σ_k x[at + k] · outlier[o, k]} in double, in order of the columns. */
  double dot(int o, float[] x, int at);

  /**
   * Refuses what is no part of a matrix {@code [out, in]}.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  void check(int out, int in);

  /** The outliers in the first {@code columns} inputs of some rows. */
  Outliers select(int rows, IntUnaryOperator source, int columns);

  /**
   * Single entries, row by row (compressed sparse rows).
   *
   * @param start {@code [out + 1]}: row {@code o} has the entries {@code [start[o], start[o + 1])}
   * @param columns of the entries, ascending in each row
   * @param values of the entries
   */
  record Entries(int[] start, int[] columns, float[] values) implements Outliers {
    @Override
    public int count() {
      return values.length;
    }

    @Override
    public long byteSize() {
      return 4L * start.length + 4L * columns.length + 4L * values.length;
    }

    @Override
    public void addTo(int o, float[] row, int at) {
      for (int i = start[o]; i < start[o + 1]; i++) {
        row[at + columns[i]] += values[i];
      }
    }

    @Override
    public double dot(int o, float[] x, int at) {
      double sum = 0;
      for (int i = start[o]; i < start[o + 1]; i++) {
        sum += (double) x[at + columns[i]] * values[i];
      }
      return sum;
    }

    @Override
    public void check(int out, int in) {
      Parts.require("rows of outliers", start.length - 1L, out);
      Parts.require("columns of outliers", columns.length, values.length);
      Parts.require("first outlier", start[0], 0);
      Parts.require("outliers", start[out], values.length);
      for (int o = 0; o < out; o++) {
        Outliers.ascending(columns, start[o], start[o + 1], in);
      }
    }

    @Override
    public Entries select(int rows, IntUnaryOperator source, int few) {
      int[] starts = new int[rows + 1];
      for (int o = 0; o < rows; o++) {
        starts[o + 1] = starts[o] + below(source.applyAsInt(o), few);
      }
      int[] places = new int[starts[rows]];
      float[] kept = new float[starts[rows]];
      for (int o = 0; o < rows; o++) {
        int from = start[source.applyAsInt(o)];
        System.arraycopy(columns, from, places, starts[o], starts[o + 1] - starts[o]);
        System.arraycopy(values, from, kept, starts[o], starts[o + 1] - starts[o]);
      }
      return new Entries(starts, places, kept);
    }

    /** Entries of a row in its first {@code few} columns. */
    private int below(int row, int few) {
      int n = 0;
      while (start[row] + n < start[row + 1] && columns[start[row] + n] < few) {
        n++;
      }
      return n;
    }
  }

  /**
   * Whole columns.
   *
   * @param columns which, ascending, {@code [n]}
   * @param values {@code [out, n]}
   */
  record Columns(int[] columns, float[] values) implements Outliers {
    @Override
    public int count() {
      return values.length;
    }

    @Override
    public long byteSize() {
      return 4L * columns.length + 4L * values.length;
    }

    @Override
    public void addTo(int o, float[] row, int at) {
      for (int j = 0; j < columns.length; j++) {
        row[at + columns[j]] += values[o * columns.length + j];
      }
    }

    @Override
    public double dot(int o, float[] x, int at) {
      double sum = 0;
      for (int j = 0; j < columns.length; j++) {
        sum += (double) x[at + columns[j]] * values[o * columns.length + j];
      }
      return sum;
    }

    @Override
    public void check(int out, int in) {
      Parts.require("outliers", values.length, (long) out * columns.length);
      Outliers.ascending(columns, 0, columns.length, in);
    }

    @Override
    public Columns select(int rows, IntUnaryOperator source, int few) {
      int n = 0;
      while (n < columns.length && columns[n] < few) {
        n++;
      }
      return new Columns(
          Arrays.copyOf(columns, n), Parts.rows(values, rows, source, columns.length, n));
    }
  }

  private static void ascending(int[] columns, int from, int to, int in) {
    int last = -1;
    for (int i = from; i < to; i++) {
      if (columns[i] <= last || columns[i] >= in) {
        throw new IllegalArgumentException(
            "outliers must have ascending columns below " + in + ": " + columns[i]);
      }
      last = columns[i];
    }
  }
}
