package dev.ashlar.tensor.kernel.vector.dense;

import dev.ashlar.tensor.kernel.vector.lanes.Lanes;

/** The register tile of this machine, and the tiles that hang over the edge of the result. */
public final class RegisterTile {
  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int PANEL = Lanes.PANEL;

  /** Floats of the spare tile that {@link #multiply} wants. */
  public static final int SPARE = ROWS * PANEL;

  private RegisterTile() {}

  /**
   * {@code c[rows, columns] (+)= strip · panel}.
   *
   * @param rows at most {@link Lanes#TILE_ROWS}
   * @param columns at most {@link Lanes#PANEL}
   * @param spare {@link #SPARE} floats, overwritten
   */
  public static void multiply(
      int rows,
      int columns,
      int k,
      float[] a,
      int aOff,
      float[] b,
      int bOff,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate,
      float[] spare) {
    if (rows == ROWS && columns == PANEL) {
      full(k, a, aOff, b, bOff, c, cOff, ldc, accumulate);
      return;
    }
    full(k, a, aOff, b, bOff, spare, 0, PANEL, false);
    for (int r = 0; r < rows; r++) {
      int to = cOff + r * ldc;
      int from = r * PANEL;
      if (accumulate) {
        for (int j = 0; j < columns; j++) {
          c[to + j] += spare[from + j];
        }
      } else {
        System.arraycopy(spare, from, c, to, columns);
      }
    }
  }

  /** {@code c[TILE_ROWS, PANEL] (+)= strip · panel}. */
  public static void full(
      int k,
      float[] a,
      int aOff,
      float[] b,
      int bOff,
      float[] c,
      int cOff,
      int ldc,
      boolean accumulate) {
    if (Lanes.WIDE) {
      WideTile.multiply(k, a, aOff, b, bOff, c, cOff, ldc, accumulate);
    } else {
      NarrowTile.multiply(k, a, aOff, b, bOff, c, cOff, ldc, accumulate);
    }
  }
}
