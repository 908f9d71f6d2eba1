package dev.ashlar.tensor.kernel.vector.attention;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.attention.AttentionScratch.Slot;
import dev.ashlar.tensor.kernel.vector.dense.RowDots;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kv.KvRows;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Attention of few queries, or of few pairs of them and keys, reading keys and values where they
 * lie: decoding from a cache, and short prompts. A block of keys, then of values, serves all query
 * heads of the unit while it is in the first-level cache.
 */
final class DirectAttention {
  private static final int BLOCK = AttentionUnit.BLOCK;

  private final Spec s;
  private final AttentionUnit u;
  private final int length;
  private final int rows;
  private final float[] lanes;
  private final KvTile tile;

  /** Keys that are attended to. */
  private final int from;

  private final int to;

  /** Scores, then what values are multiplied by: {@code [rows, stride]}, from {@link #from} on. */
  private final float[] weights;

  private final int stride;

  private DirectAttention(Spec s, int unit, int from, int to, AttentionScratch own) {
    this.s = s;
    this.u = AttentionUnit.of(s, unit);
    this.length = u.length();
    this.rows = u.group() * length;
    this.from = Math.max(from, u.firstKey());
    this.to = Math.min(to, u.endVisible(length - 1));
    this.stride = AttentionUnit.scoreStride(this.to - this.from);
    this.weights = own.take(Slot.SCORES, (long) rows * stride);
    this.lanes = own.lanes;
    this.tile = new KvTile(own);
  }

  static void forward(Spec s, int unit, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    AttentionScratch own = AttentionScratch.own();
    DirectAttention a = new DirectAttention(s, unit, 0, Integer.MAX_VALUE, own);
    a.scores(q, k);
    float[] factors = own.take(Slot.STRIP, a.rows);
    for (int r = 0; r < a.rows; r++) {
      float max = a.max(r);
      float sum = a.exponentials(r, max);
      if (lse != null) {
        lse[a.u.lse(a.head(r), a.query(r))] = (float) (max + Math.log(sum));
      }
      factors[r] = sum == 0 ? 0f : 1 / sum;
    }
    a.output(v, factors, out, r -> a.u.output(a.head(r), a.query(r)));
  }

  /** The keys of one part, whose results go to {@code parts}. */
  static void part(Spec s, int unit, KeyParts parts, int piece, float[] q, KvRows k, KvRows v) {
    AttentionScratch own = AttentionScratch.own();
    int from = parts.from(piece);
    int values = parts.values(piece);
    int width = parts.width();
    DirectAttention a = new DirectAttention(s, unit, from, from + KeyParts.KEYS, own);
    a.scores(q, k);
    float[] factors = own.take(Slot.STRIP, a.rows);
    Arrays.fill(factors, 0, a.rows, 1f);
    for (int r = 0; r < a.rows; r++) {
      float max = a.max(r);
      parts.keep(values + r * width, max, a.exponentials(r, max));
    }
    a.output(v, factors, parts.results(), r -> values + r * width);
  }

  /** Query head of row {@code r}. */
  private int head(int r) {
    return u.firstHead() + r / length;
  }

  private int query(int r) {
    return r % length;
  }

  private int first(int r) {
    return Math.min(Math.max(from, u.firstVisible(query(r))), end(r));
  }

  private int end(int r) {
    return Math.max(from, Math.min(to, u.endVisible(query(r))));
  }

  /** Behind {@code j}, the end of its block of keys, as pages have them. */
  private int endOfBlock(int j) {
    return Math.min(to, (j / BLOCK + 1) * BLOCK);
  }

  private void scores(float[] q, KvRows k) {
    for (int j = from, end; j < to; j = end) {
      end = endOfBlock(j);
      tile.show(k, u.sequence(), u.kvHead(), j, end);
      for (int r = 0; r < rows; r++) {
        dots(q, u.query(head(r), query(r)), end - j, r * stride + j - from);
      }
    }
  }

  /** Scores of the {@code keys} keys that the tile shows. */
  private void dots(float[] q, int qOff, int keys, int row) {
    int n = s.headDim();
    float[] x = tile.data();
    int xOff = tile.at();
    int ld = tile.stride();
    int j = 0;
    if (RowDots.AVAILABLE && n % Lanes.WAYS == 0) {
      for (; j <= keys - L; j += L) {
        RowDots.lanes(n, q, qOff, x, xOff + j * ld, ld, weights, row + j);
      }
    }
    for (; j < keys; j++) {
      weights[row + j] = Lanes.dot(n, q, qOff, x, xOff + j * ld);
    }
  }

  /** Scales the scores of row {@code r}; their maximum, −∞ if there is none. */
  private float max(int r) {
    int i = query(r);
    int off = r * stride - from;
    return ScoreRows.scale(
        weights,
        off,
        first(r),
        end(r),
        s.scale(),
        s.softcap(),
        u.slope(head(r)),
        u.endVisible(i) - 1,
        lanes);
  }

  /** Scores of row {@code r} to weights that are not normalized; returns their sum. */
  private float exponentials(int r, float max) {
    return ScoreRows.exp(weights, r * stride - from, first(r), end(r), max, lanes);
  }

  /** Where the output of a row goes. */
  private interface Place {
    int of(int row);
  }

  private void output(KvRows v, float[] factors, float[] out, Place place) {
    for (int r = 0; r < rows; r++) {
      int o = place.of(r);
      Arrays.fill(out, o, o + s.valueDim(), 0f);
    }
    for (int j = from, end; j < to; j = end) {
      end = endOfBlock(j);
      tile.show(v, u.sequence(), u.kvHead(), j, end);
      int ld = tile.stride();
      int at = tile.at() - j * ld;
      for (int r = 0; r < rows; r++) {
        int a = Math.max(j, first(r));
        int b = Math.min(end, end(r));
        int w = r * stride - from;
        mix(s.valueDim(), weights, w, tile.data(), at, ld, a, b, factors[r], out, place.of(r));
      }
    }
  }

  /** {@code out += factor · Σ_j w[j]·x_j} over {@code [from, to)}. */
  private static void mix(
      int n,
      float[] w,
      int wOff,
      float[] x,
      int xOff,
      int ld,
      int from,
      int to,
      float factor,
      float[] out,
      int outOff) {
    int i = 0;
    for (; i <= n - 4 * L; i += 4 * L) {
      four(w, wOff, x, xOff + i, ld, from, to, factor, out, outOff + i);
    }
    for (; i <= n - L; i += L) {
      FloatVector a = FloatVector.zero(F);
      for (int j = from; j < to; j++) {
        FloatVector b = FloatVector.broadcast(F, w[wOff + j]);
        a = b.fma(FloatVector.fromArray(F, x, xOff + j * ld + i), a);
      }
      a.mul(factor).add(FloatVector.fromArray(F, out, outOff + i)).intoArray(out, outOff + i);
    }
    for (; i < n; i++) {
      float a = 0;
      for (int j = from; j < to; j++) {
        a = Math.fma(w[wOff + j], x[xOff + j * ld + i], a);
      }
      out[outOff + i] += a * factor;
    }
  }

  /** Four vectors of {@link #mix}. */
  private static void four(
      float[] w,
      int wOff,
      float[] x,
      int xOff,
      int ld,
      int from,
      int to,
      float factor,
      float[] out,
      int o) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    for (int j = from; j < to; j++) {
      int at = xOff + j * ld;
      FloatVector b = FloatVector.broadcast(F, w[wOff + j]);
      a0 = b.fma(FloatVector.fromArray(F, x, at), a0);
      a1 = b.fma(FloatVector.fromArray(F, x, at + L), a1);
      a2 = b.fma(FloatVector.fromArray(F, x, at + 2 * L), a2);
      a3 = b.fma(FloatVector.fromArray(F, x, at + 3 * L), a3);
    }
    a0.mul(factor).add(FloatVector.fromArray(F, out, o)).intoArray(out, o);
    a1.mul(factor).add(FloatVector.fromArray(F, out, o + L)).intoArray(out, o + L);
    a2.mul(factor).add(FloatVector.fromArray(F, out, o + 2 * L)).intoArray(out, o + 2 * L);
    a3.mul(factor).add(FloatVector.fromArray(F, out, o + 3 * L)).intoArray(out, o + 3 * L);
  }
}
