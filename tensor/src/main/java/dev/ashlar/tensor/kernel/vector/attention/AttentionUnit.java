package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.dense.Panels;
import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;

/** Where things of one unit (a key/value head of a sequence) lie, and its packed panels. */
record AttentionUnit(Spec spec, int sequence, int kvHead) {
  private static final int PANEL = Lanes.PANEL;

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

  /** Offset of query {@code i} of {@code head}. */
  int query(int head, int i) {
    return ((sequence * spec.length() + i) * spec.heads() + head) * spec.headDim();
  }

  /** Offset of the output of query {@code i} of {@code head}. */
  int output(int head, int i) {
    return ((sequence * spec.length() + i) * spec.heads() + head) * spec.valueDim();
  }

  int lse(int head, int i) {
    return (sequence * spec.heads() + head) * spec.length() + i;
  }

  int key(int j) {
    var s = spec.keyStrides();
    return sequence * s.batch() + kvHead * s.head() + j * s.position();
  }

  int value(int j) {
    var s = spec.valueStrides();
    return sequence * s.batch() + kvHead * s.head() + j * s.position();
  }

  /** Floats from one row of scores to the next: all keys in whole panels, and one to spare. */
  int scoreStride() {
    return panels(spec.keys()) * PANEL + PANEL;
  }

  /** First key that any query of the unit sees. */
  int firstKey() {
    return Math.min(spec.firstVisible(sequence, 0), spec.keys());
  }

  float slope(int head) {
    return spec.slopes() == null ? 0f : spec.slopes()[head];
  }

  static int panels(int n) {
    return (n + PANEL - 1) / PANEL;
  }

  /** Panels {@code [dim, keys]}: panel q holds keys {@code q·PANEL} on. */
  void across(float[] x, int off, int ld, int dim, float[] to) {
    for (int q = firstKey() / PANEL; q < panels(spec.keys()); q++) {
      int columns = Math.min(PANEL, spec.keys() - q * PANEL);
      Panels.panelFromColumns(columns, dim, x, off + q * PANEL * ld, ld, to, q * PANEL * dim);
    }
  }

  /** Panels {@code [keys, dim]}: panel q holds elements {@code q·PANEL} on of all keys. */
  void along(float[] x, int off, int ld, int dim, float[] to) {
    int first = firstKey();
    for (int q = 0; q < panels(dim); q++) {
      int columns = Math.min(PANEL, dim - q * PANEL);
      int at = (q * spec.keys() + first) * PANEL;
      Panels.panelFromRows(
          columns, spec.keys() - first, x, off + first * ld + q * PANEL, ld, to, at);
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
