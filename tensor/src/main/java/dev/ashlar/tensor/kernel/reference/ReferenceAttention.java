package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kv.KvRows;

/** Query by query, scores in double. */
final class ReferenceAttention implements AttentionKernel {
  @Override
  public void forward(Spec s, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    Parallel.rows(s.units(), 1, (from, to) -> forward(s, from, to, q, k, v, out, lse));
  }

  private static void forward(
      Spec s, int from, int to, float[] q, KvRows k, KvRows v, float[] out, float[] lse) {
    for (int unit = from; unit < to; unit++) {
      Unit u = Unit.of(s, unit, q, k, v);
      u.forEachQuery(
          (h, i) -> {
            double logSum = u.probabilities(h, i);
            int o = u.output(h, i);
            for (int d = 0; d < s.valueDim(); d++) {
              double sum = 0;
              for (int j = u.first(i); j < u.end(i); j++) {
                sum += u.weights[j] * u.values[j * s.valueDim() + d];
              }
              out[o + d] = (float) sum;
            }
            if (lse != null) {
              lse[u.row(i) * s.heads() + h] = (float) logSum;
            }
          });
    }
  }

  @Override
  public void backward(
      Spec s,
      int from,
      int to,
      float[] q,
      KvRows.Dense k,
      KvRows.Dense v,
      float[] out,
      float[] lse,
      float[] dOut,
      float[] dq,
      float[] dk,
      float[] dv) {
    for (int unit = from; unit < to; unit++) {
      Unit u = Unit.of(s, unit, q, k, v);
      u.forEachQuery(
          (h, i) -> {
            u.probabilities(h, i);
            int qAt = u.query(h, i);
            int oAt = u.output(h, i);
            double delta = dot(s.valueDim(), dOut, oAt, out, oAt);
            for (int j = u.first(i); j < u.end(i); j++) {
              int kAt = k.at(u.sequence, u.kvHead, j);
              int vAt = v.at(u.sequence, u.kvHead, j);
              double dScore = u.weights[j] * (dot(s.valueDim(), dOut, oAt, v.data(), vAt) - delta);
              if (s.softcap() > 0) {
                double score = dot(s.headDim(), q, qAt, k.data(), kAt) * s.scale();
                double t = Math.tanh(score / s.softcap());
                dScore *= 1 - t * t;
              }
              for (int d = 0; d < s.headDim(); d++) {
                dq[qAt + d] += (float) (dScore * s.scale() * k.data()[kAt + d]);
                dk[kAt + d] += (float) (dScore * s.scale() * q[qAt + d]);
              }
              for (int d = 0; d < s.valueDim(); d++) {
                dv[vAt + d] += (float) (u.weights[j] * dOut[oAt + d]);
              }
            }
          });
    }
  }

  private interface QueryBody {
    void run(int head, int query);
  }

  private static double dot(int n, float[] a, int aOff, float[] b, int bOff) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) a[aOff + i] * b[bOff + i];
    }
    return sum;
  }

  /** A key/value head of a sequence with its rows as floats. */
  private static final class Unit {
    final Spec s;
    final AttentionRanges ranges;
    final int sequence;
    final int kvHead;
    final float[] q;
    final float[] keys;
    final float[] values;
    final double[] weights;

    private Unit(Spec s, int unit, float[] q, float[] keys, float[] values) {
      this.s = s;
      this.ranges = s.ranges();
      this.sequence = unit / s.kvHeads();
      this.kvHead = unit % s.kvHeads();
      this.q = q;
      this.keys = keys;
      this.values = values;
      this.weights = new double[ranges.keys(sequence)];
    }

    static Unit of(Spec s, int unit, float[] q, KvRows k, KvRows v) {
      int n = s.ranges().keys(unit / s.kvHeads());
      Unit u = new Unit(s, unit, q, new float[n * s.headDim()], new float[n * s.valueDim()]);
      k.read(u.sequence, u.kvHead, 0, n, u.keys, 0);
      v.read(u.sequence, u.kvHead, 0, n, u.values, 0);
      return u;
    }

    void forEachQuery(QueryBody body) {
      int group = s.heads() / s.kvHeads();
      for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
        for (int i = 0; i < ranges.length(sequence); i++) {
          body.run(h, i);
        }
      }
    }

    int row(int i) {
      return ranges.firstRow(sequence) + i;
    }

    int query(int h, int i) {
      return (row(i) * s.heads() + h) * s.headDim();
    }

    int output(int h, int i) {
      return (row(i) * s.heads() + h) * s.valueDim();
    }

    int first(int i) {
      return s.firstVisible(sequence, i);
    }

    int end(int i) {
      return s.endVisible(sequence, i);
    }

    /** Fills the visible part of the weights with the softmax; returns the log of its sum. */
    double probabilities(int h, int i) {
      int qAt = query(h, i);
      int first = first(i);
      int end = end(i);
      double max = Double.NEGATIVE_INFINITY;
      for (int j = first; j < end; j++) {
        double score = dot(s.headDim(), q, qAt, keys, j * s.headDim()) * s.scale();
        if (s.softcap() > 0) {
          score = s.softcap() * Math.tanh(score / s.softcap());
        }
        if (s.slopes() != null) {
          score += (double) s.slopes()[h] * (j - (end - 1));
        }
        weights[j] = score;
        max = Math.max(max, score);
      }
      double sum = 0;
      for (int j = first; j < end; j++) {
        weights[j] = Math.exp(weights[j] - max);
        sum += weights[j];
      }
      for (int j = first; j < end; j++) {
        weights[j] /= sum;
      }
      return max + Math.log(sum);
    }
  }
}
