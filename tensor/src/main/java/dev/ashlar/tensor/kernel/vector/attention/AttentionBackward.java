package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.attention.AttentionScratch.Slot;
import dev.ashlar.tensor.kernel.vector.dense.Panels;
import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kv.KvRows;

/**
 * The backward pass of one unit (Dao et al., arXiv 2205.14135, algorithm 4, without its splitting
 * of keys). For a block of queries, probabilities P and score gradients dS are formed once, then dQ
 * = dS·K, dV += Pᵀ·dO and dK += dSᵀ·Q.
 */
final class AttentionBackward {
  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int PANEL = Lanes.PANEL;
  private static final int STRIP = Lanes.STRIP;

  /** Floats of P, and of dS, that should stay in the second-level cache. */
  private static final int NEAR = 48 << 10;

  /**
   * Query rows by which a block grows, whole strips of any machine: a sum over queries goes block
   * by block, so their borders must not depend on the width.
   */
  private static final int BLOCK_STEP = 24;

  /** Most query rows of a block. */
  private static final int MAX_BLOCK = 4 * BLOCK_STEP;

  private final Spec s;
  private final AttentionUnit u;
  private final float[] q;
  private final KvRows.Dense k;
  private final KvRows.Dense v;
  private final float[] out;
  private final float[] lse;
  private final float[] dOut;
  private final float[] dq;
  private final float[] dk;
  private final float[] dv;

  private final int stride;
  private final int block;
  private final float[] keysAcross;
  private final float[] keysAlong;
  private final float[] valuesAcross;
  private final float[] p;
  private final float[] ds;
  private final float[] queryPanels;
  private final float[] outputPanels;
  private final float[] strip;
  private final float[] tile;
  private final float[] lanes;

  AttentionBackward(
      Spec s,
      int unit,
      float[] q,
      KvRows.Dense k,
      KvRows.Dense v,
      float[] out,
      float[] lse,
      float[] dOut,
      float[] dq,
      float[] dk,
      float[] dv) {
    this.s = s;
    this.u = AttentionUnit.of(s, unit);
    this.q = q;
    this.k = k;
    this.v = v;
    this.out = out;
    this.lse = lse;
    this.dOut = dOut;
    this.dq = dq;
    this.dk = dk;
    this.dv = dv;
    stride = u.scoreStride();
    int wanted = NEAR / (u.keys() + AttentionUnit.BLOCK);
    block = Math.clamp(wanted / BLOCK_STEP * BLOCK_STEP, BLOCK_STEP, MAX_BLOCK);
    AttentionScratch own = AttentionScratch.own();
    int headPanels = AttentionUnit.panels(s.headDim()) * PANEL;
    int valuePanels = AttentionUnit.panels(s.valueDim()) * PANEL;
    keysAcross = own.take(Slot.KEYS_ACROSS, (long) stride * s.headDim());
    keysAlong = own.take(Slot.KEYS_ALONG, (long) headPanels * u.keys());
    valuesAcross = own.take(Slot.VALUES_ACROSS, (long) stride * s.valueDim());
    p = own.take(Slot.SCORES, (long) block * stride);
    ds = own.take(Slot.SCORE_GRADIENTS, (long) block * stride);
    queryPanels = own.take(Slot.QUERY_PANELS, (long) headPanels * block);
    outputPanels = own.take(Slot.OUTPUT_PANELS, (long) valuePanels * block);
    int longest = Math.max(Math.max(u.keys(), block), Math.max(s.headDim(), s.valueDim()));
    strip = own.take(Slot.STRIP, (long) STRIP * longest);
    tile = own.tile;
    lanes = own.lanes;
  }

  void run() {
    KvTile rows = new KvTile(AttentionScratch.own());
    u.across(k, rows, keysAcross);
    u.along(k, rows, keysAlong);
    u.across(v, rows, valuesAcross);
    for (int h = u.firstHead(); h < u.firstHead() + u.group(); h++) {
      for (int i = 0; i < u.length(); i += block) {
        queries(h, i, Math.min(block, u.length() - i));
      }
    }
  }

  /** A block of {@code count} queries of head {@code h}. */
  private void queries(int h, int i, int count) {
    int end = u.endVisible(i + count - 1);
    int first = Math.min(s.firstVisible(u.sequence(), i), end);
    if (first >= end) {
      return;
    }
    for (int r = 0; r < count; r += ROWS) {
      strip(h, i + r, r * stride, Math.min(ROWS, count - r), first, end);
    }
    panels(q, u.query(h, i), s.heads() * s.headDim(), s.headDim(), count, queryPanels);
    panels(dOut, u.output(h, i), s.heads() * s.valueDim(), s.valueDim(), count, outputPanels);
    for (int j = first; j < end; j += ROWS) {
      // Queries before the one at key j's position do not see it.
      int skip = Math.clamp((long) j - (u.keys() - u.length()) - i, 0, count);
      int keys = Math.min(ROWS, end - j);
      int vAt = v.at(u.sequence(), u.kvHead(), j);
      transposed(p, skip, count, j, keys, outputPanels, s.valueDim(), dv, vAt, v.stride());
      int kAt = k.at(u.sequence(), u.kvHead(), j);
      transposed(ds, skip, count, j, keys, queryPanels, s.headDim(), dk, kAt, k.stride());
    }
  }

  /** P, dS and dQ of a strip of queries; P and dS are zero where a query of the block is blind. */
  private void strip(int h, int i, int off, int rows, int first, int end) {
    int to = u.endVisible(i + rows - 1);
    int from = Math.min(s.firstVisible(u.sequence(), i), to);
    int ldq = s.heads() * s.headDim();
    int ldo = s.heads() * s.valueDim();
    Panels.stripFromRows(rows, s.headDim(), q, u.query(h, i), ldq, strip, 0);
    AttentionUnit.scores(s.headDim(), strip, keysAcross, from, to, p, off, stride);
    Panels.stripFromRows(rows, s.valueDim(), dOut, u.output(h, i), ldo, strip, 0);
    AttentionUnit.scores(s.valueDim(), strip, valuesAcross, from, to, ds, off, stride);
    for (int r = 0; r < rows; r++) {
      row(h, i + r, off + r * stride, first, end);
    }
    Panels.stripFromRows(rows, to - from, ds, off + from, stride, strip, 0);
    for (int n = 0; n < AttentionUnit.panels(s.headDim()); n++) {
      int columns = Math.min(PANEL, s.headDim() - n * PANEL);
      int at = (n * u.keys() + from) * PANEL;
      int to0 = u.query(h, i) + n * PANEL;
      RegisterTile.multiply(
          rows, columns, to - from, strip, 0, keysAlong, at, dq, to0, ldq, true, tile);
    }
  }

  private void row(int h, int i, int off, int first, int end) {
    int to = u.endVisible(i);
    int from = u.firstVisible(i);
    int o = u.output(h, i);
    float delta = Lanes.dot(s.valueDim(), dOut, o, out, o);
    float sum = lse[u.lse(h, i)];
    if (s.softcap() > 0 || s.slopes() != null) {
      ScoreRows.gradient(
          p, ds, off, from, to, s.scale(), sum, delta, s.softcap(), u.slope(h), to - 1, lanes);
    } else {
      ScoreRows.gradient(p, ds, off, from, to, s.scale(), sum, delta);
    }
    ScoreRows.clear(p, off, first, from);
    ScoreRows.clear(ds, off, first, from);
    ScoreRows.clear(p, off, to, end);
    ScoreRows.clear(ds, off, to, end);
  }

  /** Packs {@code count} rows of {@code dim} floats. */
  private static void panels(float[] x, int off, int ld, int dim, int count, float[] to) {
    for (int n = 0; n < AttentionUnit.panels(dim); n++) {
      int columns = Math.min(PANEL, dim - n * PANEL);
      Panels.panelFromRows(columns, count, x, off + n * PANEL, ld, to, n * PANEL * count);
    }
  }

  /** {@code c[keys, dim] += w[skip..count, j..j+keys]ᵀ · panels}. */
  private void transposed(
      float[] w,
      int skip,
      int count,
      int j,
      int keys,
      float[] panels,
      int dim,
      float[] c,
      int cOff,
      int ldc) {
    Panels.stripsFromColumns(keys, count - skip, w, skip * stride + j, stride, strip, 0);
    for (int n = 0; n < AttentionUnit.panels(dim); n++) {
      int columns = Math.min(PANEL, dim - n * PANEL);
      int at = (n * count + skip) * PANEL;
      RegisterTile.multiply(
          keys, columns, count - skip, strip, 0, panels, at, c, cOff + n * PANEL, ldc, true, tile);
    }
  }
}
