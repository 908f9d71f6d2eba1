package dev.ashlar.tensor.kernel.vector;

/**
 * Packs matrices for the register tiles: A in strips of {@link Lanes#TILE_ROWS} rows, {@link
 * Lanes#STRIP} floats per k; B in panels of {@link Lanes#PANEL} columns. What lies outside the
 * matrix is filled with zeros, so that a tile at the edge is computed like any other.
 */
final class Panels {
  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int STRIP = Lanes.STRIP;
  private static final int PANEL = Lanes.PANEL;

  private Panels() {}

  /** Strip of {@code rows} rows of a row-major A: element (r, p) at {@code off + r·ld + p}. */
  static void stripFromRows(int rows, int k, float[] a, int off, int ld, float[] to, int toOff) {
    for (int r = 0; r < ROWS; r++) {
      if (r < rows) {
        int row = off + r * ld;
        for (int p = 0; p < k; p++) {
          to[toOff + p * STRIP + r] = a[row + p];
        }
      } else {
        for (int p = 0; p < k; p++) {
          to[toOff + p * STRIP + r] = 0f;
        }
      }
    }
  }

  /** Strip of {@code rows} rows of a transposed A: element (r, p) at {@code off + p·ld + r}. */
  static void stripFromColumns(int rows, int k, float[] a, int off, int ld, float[] to, int toOff) {
    for (int p = 0; p < k; p++) {
      int from = off + p * ld;
      int at = toOff + p * STRIP;
      for (int r = 0; r < ROWS; r++) {
        to[at + r] = r < rows ? a[from + r] : 0f;
      }
    }
  }

  /**
   * Panel of {@code columns} columns of a row-major B: element (p, j) at {@code off + p·ld + j}.
   */
  static void panelFromRows(int columns, int k, float[] b, int off, int ld, float[] to, int toOff) {
    for (int p = 0; p < k; p++) {
      int from = off + p * ld;
      int at = toOff + p * PANEL;
      System.arraycopy(b, from, to, at, columns);
      for (int j = columns; j < PANEL; j++) {
        to[at + j] = 0f;
      }
    }
  }

  /** Panel of a transposed B: element (p, j) at {@code off + j·ld + p}. */
  static void panelFromColumns(
      int columns, int k, float[] b, int off, int ld, float[] to, int toOff) {
    for (int p0 = 0; p0 < k; p0 += 16) {
      int p1 = Math.min(k, p0 + 16);
      for (int j = 0; j < PANEL; j++) {
        int from = off + j * ld;
        for (int p = p0; p < p1; p++) {
          to[toOff + p * PANEL + j] = j < columns ? b[from + p] : 0f;
        }
      }
    }
  }
}
