package dev.ashlar.tornado.runner;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the graph of the blocks computes in.
 *
 * @param rows tokens at a time, at most
 * @param dim width of the stream
 * @param pages pages of a row's table
 * @param x the stream {@code [rows, dim]}, in and out
 * @param active how many rows are somebody's: the first ones
 * @param places a row of {@code table} and a position for each token
 * @param table pages of each token's sequence {@code [rows, pages]}
 */
record Buffers(
    int rows,
    int dim,
    int pages,
    FloatArray x,
    IntArray active,
    IntArray places,
    IntArray table,
    FloatArray normed,
    FloatArray part,
    FloatArray queries,
    FloatArray keys,
    FloatArray values,
    FloatArray attended,
    FloatArray gate,
    FloatArray inner) {
  /** The widest of all blocks. */
  static final class Widths {
    private int queries;
    private int keys;
    private int inner;

    void queries(int n) {
      queries = Math.max(queries, n);
    }

    void keys(int n) {
      keys = Math.max(keys, n);
    }

    void inner(int n) {
      inner = Math.max(inner, n);
    }
  }

  static Buffers of(int rows, int dim, int pages, Widths w) {
    return new Buffers(
        rows,
        dim,
        pages,
        zeros(rows * dim),
        IntArray.fromArray(new int[1]),
        IntArray.fromArray(new int[2 * rows]),
        IntArray.fromArray(new int[rows * pages]),
        zeros(rows * dim),
        zeros(rows * dim),
        zeros(rows * w.queries),
        zeros(rows * w.keys),
        zeros(rows * w.keys),
        zeros(rows * w.queries),
        zeros(rows * w.inner),
        zeros(rows * w.inner));
  }

  private static FloatArray zeros(int n) {
    return FloatArray.fromArray(new float[n]);
  }

  /** Makes a row nobody's. */
  void leave(int row) {
    places.set(2 * row, row);
    places.set(2 * row + 1, -1);
  }

  /** What never leaves the device, as far as the tasks of these blocks use it. */
  Object[] inside(List<DeviceBlock> blocks) {
    List<Object> used = new ArrayList<>(List.of(part, queries, keys, values, attended, inner));
    if (blocks.stream().anyMatch(DeviceBlock::hasNormBefore)) {
      used.add(normed);
    }
    if (blocks.stream().anyMatch(DeviceBlock::hasGate)) {
      used.add(gate);
    }
    return used.toArray();
  }
}
