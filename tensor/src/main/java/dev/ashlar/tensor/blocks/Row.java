package dev.ashlar.tensor.blocks;

import java.util.Optional;

/**
 * One row of a matrix on its way into blocks. Arrays are shared, not copied.
 *
 * @param values {@code [in]}, or more
 * @param importance what an error in a column counts, {@code [in]}; null where nothing is known
 * @param steps where values lie on a grid already: the positive step of every {@link #STRETCH}
 *     columns; null where they do not
 * @param lows the value of the grid's lowest code, beside {@code steps}
 */
public record Row(float[] values, float[] importance, float[] steps, float[] lows) {
  /** Columns that share a known step at least: the smallest group of any block type. */
  public static final int STRETCH = 16;

  /** Values that lie on no known grid. */
  public Row(float[] values, float[] importance) {
    this(values, importance, null, null);
  }

  /**
   * Importance out of sums of squares of inputs: about 1 for each column. A column that nothing
   * flowed through counts as the others do on average, since other data may well flow there; empty
   * where nothing flowed at all.
   */
  public static Optional<float[]> counting(float[] squares) {
    double sum = 0;
    int seen = 0;
    for (float square : squares) {
      sum += square;
      seen += square > 0 ? 1 : 0;
    }
    double mean = sum / seen;
    if (seen == 0 || !Double.isFinite(mean)) {
      return Optional.empty();
    }
    float[] counts = new float[squares.length];
    for (int k = 0; k < counts.length; k++) {
      counts[k] = squares[k] > 0 ? (float) (squares[k] / mean) : 1;
    }
    return Optional.of(counts);
  }

  /** The known step at a column; 0 where there is none. */
  public float step(int column) {
    return steps == null ? 0 : steps[column / STRETCH];
  }

  /** The lowest value of the known grid at a column; 0 where there is none. */
  public float low(int column) {
    return lows == null ? 0 : lows[column / STRETCH];
  }
}
