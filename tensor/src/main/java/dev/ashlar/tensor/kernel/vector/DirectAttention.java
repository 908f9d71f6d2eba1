package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.Lanes.L;

import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.vector.AttentionScratch.Slot;
import jdk.incubator.vector.FloatVector;

/** Attention of few queries, reading keys and values where they lie: decoding from a cache. */
final class DirectAttention {
  private DirectAttention() {}

  static void forward(Spec s, int unit, float[] q, float[] k, float[] v, float[] out, float[] lse) {
    AttentionUnit u = AttentionUnit.of(s, unit);
    AttentionScratch own = AttentionScratch.own();
    float[] weights = own.take(Slot.SCORES, u.scoreStride());
    for (int h = u.firstHead(); h < u.firstHead() + u.group(); h++) {
      for (int i = 0; i < s.length(); i++) {
        int to = s.endVisible(i);
        int from = Math.min(s.firstVisible(u.sequence(), i), to);
        int ldk = s.keyStrides().position();
        dots(s.headDim(), q, u.query(h, i), k, u.key(0), ldk, from, to, weights);
        float max =
            ScoreRows.scale(
                weights, 0, from, to, s.scale(), s.softcap(), u.slope(h), to - 1, own.lanes);
        float sum = ScoreRows.exp(weights, 0, from, to, max, own.lanes);
        if (lse != null) {
          lse[u.lse(h, i)] = (float) (max + Math.log(sum));
        }
        float inverse = sum == 0 ? 0f : 1 / sum;
        int ldv = s.valueStrides().position();
        int o = u.output(h, i);
        mix(s.valueDim(), weights, v, u.value(0), ldv, from, to, inverse, out, o);
      }
    }
  }

  /** {@code s[j] = q · x_j} for rows {@code [from, to)} of x, {@code ld} floats apart. */
  private static void dots(
      int n, float[] q, int qOff, float[] x, int xOff, int ld, int from, int to, float[] s) {
    int whole = n - n % L;
    for (int j = from; j < to; j++) {
      int at = xOff + j * ld;
      FloatVector sum = FloatVector.zero(F);
      for (int i = 0; i < whole; i += L) {
        sum = FloatVector.fromArray(F, q, qOff + i).fma(FloatVector.fromArray(F, x, at + i), sum);
      }
      float total = Lanes.sum(sum);
      for (int i = whole; i < n; i++) {
        total = Math.fma(q[qOff + i], x[at + i], total);
      }
      s[j] = total;
    }
  }

  /** {@code out = factor · Σ_j w[j]·x_j}. */
  private static void mix(
      int n,
      float[] w,
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
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = FloatVector.zero(F);
      FloatVector a2 = FloatVector.zero(F);
      FloatVector a3 = FloatVector.zero(F);
      for (int j = from; j < to; j++) {
        int at = xOff + j * ld + i;
        FloatVector b = FloatVector.broadcast(F, w[j]);
        a0 = b.fma(FloatVector.fromArray(F, x, at), a0);
        a1 = b.fma(FloatVector.fromArray(F, x, at + L), a1);
        a2 = b.fma(FloatVector.fromArray(F, x, at + 2 * L), a2);
        a3 = b.fma(FloatVector.fromArray(F, x, at + 3 * L), a3);
      }
      a0.mul(factor).intoArray(out, outOff + i);
      a1.mul(factor).intoArray(out, outOff + i + L);
      a2.mul(factor).intoArray(out, outOff + i + 2 * L);
      a3.mul(factor).intoArray(out, outOff + i + 3 * L);
    }
    for (; i <= n - L; i += L) {
      FloatVector a = FloatVector.zero(F);
      for (int j = from; j < to; j++) {
        a = FloatVector.broadcast(F, w[j]).fma(FloatVector.fromArray(F, x, xOff + j * ld + i), a);
      }
      a.mul(factor).intoArray(out, outOff + i);
    }
    for (; i < n; i++) {
      float a = 0;
      for (int j = from; j < to; j++) {
        a = Math.fma(w[j], x[xOff + j * ld + i], a);
      }
      out[outOff + i] = a * factor;
    }
  }
}
