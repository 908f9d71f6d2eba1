package dev.ashlar.tensor.kernel.vector.attention;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.attention.AttentionScratch.Slot;
import dev.ashlar.tensor.kernel.vector.dense.Panels;
import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kv.KvRows;

/** The forward pass of one unit over packed keys and values. */
final class AttentionForward {
  private static final int ROWS = Lanes.TILE_ROWS;
  private static final int PANEL = Lanes.PANEL;

  private AttentionForward() {}

  static void run(Spec s, int unit, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    AttentionUnit u = AttentionUnit.of(s, unit);
    AttentionScratch own = AttentionScratch.own();
    int stride = u.scoreStride();
    float[] keys = own.take(Slot.KEYS_ACROSS, (long) stride * s.headDim());
    int valuePanels = AttentionUnit.panels(s.valueDim());
    float[] values = own.take(Slot.VALUES_ALONG, (long) valuePanels * PANEL * u.keys());
    float[] scores = own.take(Slot.SCORES, (long) ROWS * stride);
    float[] strip = own.take(Slot.STRIP, (long) Lanes.STRIP * Math.max(u.keys(), s.headDim()));
    KvTile tile = new KvTile(own);
    u.across(k, tile, keys);
    u.along(v, tile, values);
    for (int h = u.firstHead(); h < u.firstHead() + u.group(); h++) {
      for (int i = 0; i < u.length(); i += ROWS) {
        int rows = Math.min(ROWS, u.length() - i);
        int end = u.endVisible(i + rows - 1);
        int first = Math.min(s.firstVisible(u.sequence(), i), end);
        Panels.stripFromRows(
            rows, s.headDim(), q, u.query(h, i), s.heads() * s.headDim(), strip, 0);
        AttentionUnit.scores(s.headDim(), strip, keys, first, end, scores, 0, stride);
        for (int r = 0; r < rows; r++) {
          own.sums[r] = softmax(u, h, i + r, first, end, scores, r * stride, lse, own.lanes);
        }
        Panels.stripFromRows(rows, end - first, scores, first, stride, strip, 0);
        output(u, h, i, rows, first, end, strip, values, out, own);
      }
    }
  }

  /** Scores of one row to unnormalized weights, zero where the query does not see. */
  private static float softmax(
      AttentionUnit u,
      int h,
      int i,
      int first,
      int end,
      float[] scores,
      int off,
      float[] lse,
      float[] lanes) {
    Spec s = u.spec();
    int to = u.endVisible(i);
    int from = u.firstVisible(i);
    int position = to - 1;
    float max =
        ScoreRows.scale(scores, off, from, to, s.scale(), s.softcap(), u.slope(h), position, lanes);
    float sum = ScoreRows.exp(scores, off, from, to, max, lanes);
    ScoreRows.clear(scores, off, first, from);
    ScoreRows.clear(scores, off, to, end);
    if (lse != null) {
      lse[u.lse(h, i)] = (float) (max + Math.log(sum));
    }
    return sum;
  }

  private static void output(
      AttentionUnit u,
      int h,
      int i,
      int rows,
      int first,
      int end,
      float[] strip,
      float[] values,
      float[] out,
      AttentionScratch own) {
    Spec s = u.spec();
    for (int q = 0; q < AttentionUnit.panels(s.valueDim()); q++) {
      int columns = Math.min(PANEL, s.valueDim() - q * PANEL);
      int at = (q * u.keys() + first) * PANEL;
      RegisterTile.full(end - first, strip, 0, values, at, own.tile, 0, PANEL, false);
      for (int r = 0; r < rows; r++) {
        // A query that sees nothing has an empty sum; its output is zeros.
        float inverse = own.sums[r] == 0 ? 0f : 1 / own.sums[r];
        int to = u.output(h, i + r) + q * PANEL;
        for (int d = 0; d < columns; d++) {
          out[to + d] = own.tile[r * PANEL + d] * inverse;
        }
      }
    }
  }
}
