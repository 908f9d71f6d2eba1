package dev.ashlar.formats.gguf.encode;

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

  /** The known step at a column; 0 where there is none. */
  float step(int column) {
    return steps == null ? 0 : steps[column / STRETCH];
  }

  /** The lowest value of the known grid at a column; 0 where there is none. */
  float low(int column) {
    return lows == null ? 0 : lows[column / STRETCH];
  }
}
