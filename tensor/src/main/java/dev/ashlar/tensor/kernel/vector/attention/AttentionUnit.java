package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.dense.Panels;
import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kv.KvRows;

/** Where things of one unit (a key/value head of a sequence) lie, and its packed panels. */
record AttentionUnit(Spec spec, int sequence, int kvHead) {
  private static final int PANEL = Lanes.PANEL;

  /** Keys that are looked at together, 16 KB at a head of 64: a page, as caches have them. */
  static final int BLOCK = 64;

  static AttentionUnit of(Spec spec, int unit) {
    return new AttentionUnit(spec, unit / spec.kvHeads(), unit % spec.kvHeads());
  }

  /** First query head that reads this key/value head. */
  int firstHead() {
    return kvHead * group();
  }

  /** Query heads that read this key/value head. */
  int group() {
    return spec.heads() / spec.kvHeads();
  }

  /** Queries. */
  int length() {
    return spec.ranges().length(sequence);
  }

  /** Keys, those that no query sees included. */
  int keys() {
    return spec.ranges().keys(sequence);
  }

  private int row(int i) {
    return spec.ranges().firstRow(sequence) + i;
  }

  /** Offset of query {@code i} of {@code head}. */
  int query(int head, int i) {
    return (row(i) * spec.heads() + head) * spec.headDim();
  }

  /** Offset of the output of query {@code i} of {@code head}. */
  int output(int head, int i) {
    return (row(i) * spec.heads() + head) * spec.valueDim();
  }

  int lse(int head, int i) {
    return row(i) * spec.heads() + head;
  }

  /** First key that query {@code i} sees; not behind the last that it could see. */
  int firstVisible(int i) {
    return Math.min(spec.firstVisible(sequence, i), endVisible(i));
  }

  int endVisible(int i) {
    return spec.endVisible(sequence, i);
  }

  /** Floats from one row of scores to the next: all keys in whole panels, and one to spare. */
  int scoreStride() {
    return scoreStride(keys());
  }

  static int scoreStride(int keys) {
    return panels(keys) * PANEL + PANEL;
  }

  /** First key that any query of the unit sees. */
  int firstKey() {
    return Math.min(spec.firstVisible(sequence, 0), keys());
  }

  float slope(int head) {
    return spec.slopes() == null ? 0f : spec.slopes()[head];
  }

  static int panels(int n) {
    return (n + PANEL - 1) / PANEL;
  }

  /** Panels {@code [dim, keys]}: panel q holds keys {@code q·PANEL} on. */
  void across(KvRows x, KvTile tile, float[] to) {
    int dim = x.dim();
    for (int q = firstKey() / PANEL; q < panels(keys()); q++) {
      int columns = Math.min(PANEL, keys() - q * PANEL);
      tile.show(x, sequence, kvHead, q * PANEL, q * PANEL + columns);
      Panels.panelFromColumns(
          columns, dim, tile.data(), tile.at(), tile.stride(), to, q * PANEL * dim);
    }
  }

  /** Panels {@code [keys, dim]}: panel q holds elements {@code q·PANEL} on of all keys. */
  void along(KvRows x, KvTile tile, float[] to) {
    int dim = x.dim();
    for (int j = firstKey(), end; j < keys(); j = end) {
      end = Math.min(keys(), (j / BLOCK + 1) * BLOCK);
      tile.show(x, sequence, kvHead, j, end);
      for (int q = 0; q < panels(dim); q++) {
        int columns = Math.min(PANEL, dim - q * PANEL);
        int from = tile.at() + q * PANEL;
        int at = (q * keys() + j) * PANEL;
        Panels.panelFromRows(columns, end - j, tile.data(), from, tile.stride(), to, at);
      }
    }
  }

  /** {@code scores[6, from..to) = strip[dim, 6]ᵀ · across}, in whole panels. */
  static void scores(
      int dim, float[] strip, float[] across, int from, int to, float[] s, int off, int stride) {
    for (int q = from / PANEL; q * PANEL < to; q++) {
      RegisterTile.full(dim, strip, 0, across, q * PANEL * dim, s, off + q * PANEL, stride, false);
    }
  }
}
