package dev.ashlar.tornado.runner;

import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the graphs of the blocks compute in. A graph may name only arrays that its tasks use, so
 * that scratch is taken by {@link #use}, which takes it down.
 */
final class Buffers {
  private final int rows;
  private final int dim;
  private final int pages;
  private final FloatArray x;
  private final IntArray active = IntArray.fromArray(new int[1]);
  private final IntArray places;
  private final IntArray table;
  private final IntArray ownPlaces;
  private final Map<Scratch, FloatArray> scratch = new EnumMap<>(Scratch.class);
  private final IntArray choice;
  private final Set<Object> used = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean usesOwnPlaces;

  /**
   * Zeros.
   *
   * @param rows tokens at a time, at most
   * @param dim width of the stream
   * @param pages pages of a row's table
   */
  Buffers(int rows, int dim, int pages, Widths widths) {
    this.rows = rows;
    this.dim = dim;
    this.pages = pages;
    this.x = FloatArray.fromArray(new float[rows * dim]);
    this.places = IntArray.fromArray(new int[2 * rows]);
    this.table = IntArray.fromArray(new int[rows * pages]);
    this.ownPlaces = IntArray.fromArray(new int[2 * rows]);
    this.choice = IntArray.fromArray(new int[rows * widths.experts()]);
    widths.floats().forEach((s, n) -> scratch.put(s, FloatArray.fromArray(new float[rows * n])));
  }

  /** Bytes that a graph of blocks takes beside weights, keys and values. */
  static long bytes(int rows, int dim, int pages, Widths widths) {
    return widths.bytes(rows) + 4L * rows * (dim + 4L + pages) + 4L;
  }

  int rows() {
    return rows;
  }

  int dim() {
    return dim;
  }

  int pages() {
    return pages;
  }

  /** The stream {@code [rows, dim]}, in and out. */
  FloatArray x() {
    return x;
  }

  /** How many rows are somebody's: the first ones. */
  IntArray active() {
    return active;
  }

  /** A row of {@link #table} and a position for each token. */
  IntArray places() {
    return places;
  }

  /** Pages of each token's sequence {@code [rows, pages]}. */
  IntArray table() {
    return table;
  }

  /** Scratch for tasks of the graph in the making. */
  FloatArray use(Scratch what) {
    FloatArray array = scratch.get(what);
    used.add(array);
    return array;
  }

  /** The experts of each row, likewise. */
  IntArray useChoice() {
    used.add(choice);
    return choice;
  }

  /** Of each row in use its own number in the place of a position, likewise. */
  IntArray useOwnPlaces() {
    usesOwnPlaces = true;
    return ownPlaces;
  }

  /** Scratch that has been used since this was last asked. */
  Object[] used() {
    Object[] all = used.toArray();
    used.clear();
    return all;
  }

  /** What is brought for each batch, as far as it has been used since this was last asked. */
  Object[] changing() {
    Object[] all =
        usesOwnPlaces
            ? new Object[] {x, active, places, table, ownPlaces}
            : new Object[] {x, active, places, table};
    usesOwnPlaces = false;
    return all;
  }

  /** Makes a row a token's. */
  void take(int row, int position) {
    places.set(2 * row, row);
    places.set(2 * row + 1, position);
    ownPlaces.set(2 * row, row);
    ownPlaces.set(2 * row + 1, row);
  }

  /** Makes a row nobody's. */
  void leave(int row) {
    for (IntArray array : new IntArray[] {places, ownPlaces}) {
      array.set(2 * row, row);
      array.set(2 * row + 1, -1);
    }
  }
}
