package dev.ashlar.formats.layout;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.weights.StoredTensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The bytes of an I32 tensor {@code [rows, columns]}, reached by columns.
 *
 * <p>Checkpoints lay packed words with neighbouring outputs side by side, while codes are kept one
 * output after another. Moving {@link #TILE} columns at a time uses every cache line that is
 * touched: walking a single column of a matrix whose width is a power of two would fetch each line
 * sixteen times.
 */
final class WordGrid {
  /** Columns moved together: one cache line of words. */
  private static final int TILE = 16;

  private static final int TILES_A_THREAD = 4;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes;
  private final int rows;
  private final int columns;

  private WordGrid(byte[] bytes, int rows, int columns) {
    this.bytes = bytes;
    this.rows = rows;
    this.columns = columns;
  }

  /** An all-zero grid to be written. */
  static WordGrid zeros(int rows, int columns) {
    long size = Math.multiplyExact(Math.multiplyExact((long) rows, columns), Integer.BYTES);
    return new WordGrid(new byte[Math.toIntExact(size)], rows, columns);
  }

  /** A copy of a stored two-dimensional I32 tensor whose type and extents were checked before. */
  static WordGrid read(StoredTensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.readBytes(0, bytes, 0, bytes.length);
    return new WordGrid(
        bytes, Math.toIntExact(tensor.shape().dim(0)), Math.toIntExact(tensor.shape().dim(1)));
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /** The row-major little-endian bytes; shared, not copied. */
  byte[] bytes() {
    return bytes;
  }

  /** What is done with the words {@code words[from, from + rows)} of one column. */
  @FunctionalInterface
  interface Column {
    void at(int column, int[] words, int from);
  }

  /** Shows every column's words to {@code column}, from several threads. */
  void readColumns(Column column) {
    tiles(
        (first, count, words) -> {
          load(first, count, words);
          for (int c = 0; c < count; c++) {
            column.at(first + c, words, c * rows);
          }
        });
  }

  /** Has every column's words filled by {@code column}, from several threads. */
  void writeColumns(Column column) {
    tiles(
        (first, count, words) -> {
          for (int c = 0; c < count; c++) {
            column.at(first + c, words, c * rows);
          }
          store(first, count, words);
        });
  }

  private interface Tile {
    void at(int first, int count, int[] words);
  }

  private void tiles(Tile tile) {
    Parallel.rows(
        Math.ceilDiv(columns, TILE),
        TILES_A_THREAD,
        (from, to) -> {
          int[] words = new int[Math.min(TILE, columns) * rows];
          for (int t = from; t < to; t++) {
            int first = t * TILE;
            tile.at(first, Math.min(TILE, columns - first), words);
          }
        });
  }

  private void load(int first, int count, int[] words) {
    for (int r = 0; r < rows; r++) {
      int at = (r * columns + first) * Integer.BYTES;
      for (int c = 0; c < count; c++) {
        words[c * rows + r] = (int) INT.get(bytes, at + c * Integer.BYTES);
      }
    }
  }

  private void store(int first, int count, int[] words) {
    for (int r = 0; r < rows; r++) {
      int at = (r * columns + first) * Integer.BYTES;
      for (int c = 0; c < count; c++) {
        INT.set(bytes, at + c * Integer.BYTES, words[c * rows + r]);
      }
    }
  }

  /** Copies row {@code r} to {@code words [columns]}. */
  void readRow(int r, int[] words) {
    int at = r * columns * Integer.BYTES;
    for (int c = 0; c < columns; c++) {
      words[c] = (int) INT.get(bytes, at + c * Integer.BYTES);
    }
  }

  /** Stores {@code words [columns]} into row {@code r}. */
  void writeRow(int r, int[] words) {
    int at = r * columns * Integer.BYTES;
    for (int c = 0; c < columns; c++) {
      INT.set(bytes, at + c * Integer.BYTES, words[c]);
    }
  }
}
