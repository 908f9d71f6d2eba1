package dev.ashlar.tensor.kernel.vector.dense;

import dev.ashlar.tensor.kernel.vector.lanes.Interleave;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packs matrices for the register tiles: A in strips of {@link Lanes#TILE_ROWS} rows, {@link
 * Lanes#STRIP} floats per k; B in panels of {@link Lanes#PANEL} columns. What lies outside the
 * matrix is filled with zeros, so that a tile at the edge is computed like any other.
 */
public final class Panels {
  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int STRIP = Lanes.STRIP;
  private static final int PANEL = Lanes.PANEL;

  /** Rows of a panel that are filled at a time, so that its lines stay in the cache. */
  private static final int NEAR_ROWS = 16;

  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;
  private static final boolean WIDE_COPY = Lanes.L >= 8;

  private Panels() {}

  /** Strip of {@code rows} rows of a row-major A: element (r, p) at {@code off + r·ld + p}. */
  public static void stripFromRows(
      int rows, int k, float[] a, int off, int ld, float[] to, int toOff) {
    int whole = 0;
    if (rows == ROWS && ROWS == 6) {
      whole = k - k % Lanes.L;
      Interleave.six(whole, a, off, ld, to, toOff);
    } else if (rows == ROWS && ROWS == Lanes.L) {
      whole = k - k % Lanes.L;
      Interleave.eight(whole, a, off, ld, to, toOff, STRIP);
    }
    for (int r = 0; r < ROWS; r++) {
      int row = off + r * ld;
      for (int p = whole; p < k; p++) {
        to[toOff + p * STRIP + r] = r < rows ? a[row + p] : 0f;
      }
    }
  }

  /**
   * Strips of {@code rows} rows in all of a transposed A: element (r, p) at {@code off + p·ld + r}.
   * All strips advance together, so that every line of A is fetched once even where lines of
   * consecutive p share a place in the cache.
   */
  public static void stripsFromColumns(
      int rows, int k, float[] a, int off, int ld, float[] to, int toOff) {
    int whole = rows / ROWS;
    // Eight floats are copied even for six; the other two are never read, but must exist.
    int safe = WIDE_COPY && whole > 0 ? rowsWithin(k, a.length - off - whole * ROWS - 2, ld) : 0;
    for (int p = 0; p < safe; p++) {
      for (int s = 0; s < whole; s++) {
        FloatVector.fromArray(EIGHT, a, off + p * ld + s * ROWS)
            .intoArray(to, toOff + (s * k + p) * STRIP);
      }
    }
    for (int s = 0; s * ROWS < rows; s++) {
      for (int p = s < whole ? safe : 0; p < k; p++) {
        for (int r = 0; r < ROWS; r++) {
          int row = s * ROWS + r;
          to[toOff + (s * k + p) * STRIP + r] = row < rows ? a[off + p * ld + row] : 0f;
        }
      }
    }
  }

  /** How many of {@code k} rows start within the {@code room} behind the first. */
  private static int rowsWithin(int k, int room, int ld) {
    return room < 0 ? 0 : Math.min(k, room / Math.max(1, ld) + 1);
  }

  /**
   * Panel of {@code columns} columns of a row-major B: element (p, j) at {@code off + p·ld + j}.
   */
  public static void panelFromRows(
      int columns, int k, float[] b, int off, int ld, float[] to, int toOff) {
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
  public static void panelFromColumns(
      int columns, int k, float[] b, int off, int ld, float[] to, int toOff) {
    int wholeColumns = 0;
    int wholeK = 0;
    if (Lanes.L == 16 || Lanes.L == 8) {
      wholeColumns = columns - columns % Lanes.L;
      wholeK = k - k % Lanes.L;
    }
    for (int j = 0; j < wholeColumns; j += Lanes.L) {
      if (Lanes.L == 16) {
        Interleave.sixteen(wholeK, b, off + j * ld, ld, to, toOff + j, PANEL);
      } else {
        Interleave.eight(wholeK, b, off + j * ld, ld, to, toOff + j, PANEL);
      }
    }
    single(0, wholeColumns, columns, wholeK, k, b, off, ld, to, toOff);
    single(wholeColumns, PANEL, columns, 0, k, b, off, ld, to, toOff);
  }

  /** Columns {@code [j0, j1)} from {@code p0} on, one by one. */
  private static void single(
      int j0,
      int j1,
      int columns,
      int p0,
      int k,
      float[] b,
      int off,
      int ld,
      float[] to,
      int toOff) {
    for (int p = p0; p < k; p += NEAR_ROWS) {
      int end = Math.min(k, p + NEAR_ROWS);
      for (int j = j0; j < j1; j++) {
        for (int i = p; i < end; i++) {
          to[toOff + i * PANEL + j] = j < columns ? b[off + j * ld + i] : 0f;
        }
      }
    }
  }
}
