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
  private final int stride;
  private final float[] weights;
  private final float[] lanes;
  private final KvTile tile;

  private DirectAttention(Spec s, int unit, AttentionScratch own) {
    this.s = s;
    this.u = AttentionUnit.of(s, unit);
    this.length = u.length();
    this.rows = u.group() * length;
    this.stride = u.scoreStride();
    this.weights = own.take(Slot.SCORES, (long) rows * stride);
    this.lanes = own.lanes;
    this.tile = new KvTile(own);
  }

  static void forward(Spec s, int unit, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    AttentionScratch own = AttentionScratch.own();
    DirectAttention a = new DirectAttention(s, unit, own);
    a.scores(q, k);
    float[] factors = own.take(Slot.STRIP, a.rows);
    for (int r = 0; r < a.rows; r++) {
      factors[r] = a.softmax(r, lse);
      int o = a.u.output(a.head(r), a.query(r));
      Arrays.fill(out, o, o + s.valueDim(), 0f);
    }
    a.output(v, out, factors);
  }

  /** Query head of row {@code r}. */
  private int head(int r) {
    return u.firstHead() + r / length;
  }

  private int query(int r) {
    return r % length;
  }

  private void scores(float[] q, KvRows k) {
    int end = u.endVisible(length - 1);
    for (int j = u.firstKey(); j < end; j += BLOCK) {
      int to = Math.min(end, j + BLOCK);
      tile.show(k, u.sequence(), u.kvHead(), j, to);
      for (int r = 0; r < rows; r++) {
        dots(q, u.query(head(r), query(r)), to - j, r * stride + j);
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

  /** Scores of row {@code r} to unnormalized weights; returns one over their sum. */
  private float softmax(int r, float[] lse) {
    int h = head(r);
    int i = query(r);
    int to = u.endVisible(i);
    int from = u.firstVisible(i);
    int off = r * stride;
    float max =
        ScoreRows.scale(weights, off, from, to, s.scale(), s.softcap(), u.slope(h), to - 1, lanes);
    float sum = ScoreRows.exp(weights, off, from, to, max, lanes);
    if (lse != null) {
      lse[u.lse(h, i)] = (float) (max + Math.log(sum));
    }
    return sum == 0 ? 0f : 1 / sum;
  }

  private void output(KvRows v, float[] out, float[] factors) {
    int end = u.endVisible(length - 1);
    for (int j = u.firstKey(); j < end; j += BLOCK) {
      tile.show(v, u.sequence(), u.kvHead(), j, Math.min(end, j + BLOCK));
      int ld = tile.stride();
      int at = tile.at() - j * ld;
      for (int r = 0; r < rows; r++) {
        int i = query(r);
        int from = Math.max(j, s.firstVisible(u.sequence(), i));
        int to = Math.min(j + BLOCK, u.endVisible(i));
        int o = u.output(head(r), i);
        mix(s.valueDim(), weights, r * stride, tile.data(), at, ld, from, to, factors[r], out, o);
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
