package dev.ashlar.tensor.kernel.vector.attention;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.attention.AttentionScratch.Slot;
import dev.ashlar.tensor.kernel.vector.dense.RowDots;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Attention of few queries, or of few pairs of them and keys, reading keys and values where they
 * lie: decoding from a cache, and short prompts. A block of keys, then of values, serves all query
 * heads of the unit while it is in the first-level cache.
 */
final class DirectAttention {
  /** Keys of a block: 16 KB at a head of 64. */
  private static final int BLOCK = 64;

  private final Spec s;
  private final AttentionUnit u;
  private final int rows;
  private final int stride;
  private final float[] weights;
  private final float[] lanes;

  private DirectAttention(Spec s, int unit, AttentionScratch own) {
    this.s = s;
    this.u = AttentionUnit.of(s, unit);
    this.rows = u.group() * s.length();
    this.stride = u.scoreStride();
    this.weights = own.take(Slot.SCORES, (long) rows * stride);
    this.lanes = own.lanes;
  }

  static void forward(Spec s, int unit, float[] q, float[] k, float[] v, float[] out, float[] lse) {
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
    return u.firstHead() + r / s.length();
  }

  private int query(int r) {
    return r % s.length();
  }

  private void scores(float[] q, float[] k) {
    int ld = s.keyStrides().position();
    int end = s.endVisible(s.length() - 1);
    for (int j = u.firstKey(); j < end; j += BLOCK) {
      int to = Math.min(end, j + BLOCK);
      for (int r = 0; r < rows; r++) {
        dots(s.headDim(), q, u.query(head(r), query(r)), k, u.key(0), ld, j, to, r * stride);
      }
    }
  }

  /** Scores of keys {@code [from, to)}. */
  private void dots(
      int n, float[] q, int qOff, float[] x, int xOff, int ld, int from, int to, int row) {
    int j = from;
    if (RowDots.AVAILABLE && n % L == 0) {
      for (; j <= to - L; j += L) {
        RowDots.lanes(n, q, qOff, x, xOff + j * ld, ld, weights, row + j);
      }
    }
    for (; j < to; j++) {
      weights[row + j] = Lanes.dot(n, q, qOff, x, xOff + j * ld);
    }
  }

  /** Scores of row {@code r} to unnormalized weights; returns one over their sum. */
  private float softmax(int r, float[] lse) {
    int h = head(r);
    int i = query(r);
    int to = s.endVisible(i);
    int from = Math.min(s.firstVisible(u.sequence(), i), to);
    int off = r * stride;
    float max =
        ScoreRows.scale(weights, off, from, to, s.scale(), s.softcap(), u.slope(h), to - 1, lanes);
    float sum = ScoreRows.exp(weights, off, from, to, max, lanes);
    if (lse != null) {
      lse[u.lse(h, i)] = (float) (max + Math.log(sum));
    }
    return sum == 0 ? 0f : 1 / sum;
  }

  private void output(float[] v, float[] out, float[] factors) {
    int ld = s.valueStrides().position();
    int end = s.endVisible(s.length() - 1);
    for (int j = u.firstKey(); j < end; j += BLOCK) {
      for (int r = 0; r < rows; r++) {
        int i = query(r);
        int from = Math.max(j, s.firstVisible(u.sequence(), i));
        int to = Math.min(j + BLOCK, s.endVisible(i));
        int o = u.output(head(r), i);
        mix(s.valueDim(), weights, r * stride, v, u.value(0), ld, from, to, factors[r], out, o);
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
