package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.AttentionKernel;

/** Query by query, scores in double. */
final class ReferenceAttention implements AttentionKernel {
  @Override
  public void forward(
      Spec s, int from, int to, float[] q, float[] k, float[] v, float[] out, float[] lse) {
    double[] weights = new double[s.keys()];
    forEachQuery(
        s,
        from,
        to,
        (b, kvHead, h, i) -> {
          double logSum = probabilities(s, b, kvHead, h, i, q, k, weights);
          int o = ((b * s.length() + i) * s.heads() + h) * s.valueDim();
          for (int d = 0; d < s.valueDim(); d++) {
            double sum = 0;
            for (int j = s.firstVisible(b, i); j < s.endVisible(i); j++) {
              sum += weights[j] * v[value(s, b, kvHead, j) + d];
            }
            out[o + d] = (float) sum;
          }
          if (lse != null) {
            lse[(b * s.heads() + h) * s.length() + i] = (float) logSum;
          }
        });
  }

  @Override
  public void backward(
      Spec s,
      int from,
      int to,
      float[] q,
      float[] k,
      float[] v,
      float[] out,
      float[] lse,
      float[] dOut,
      float[] dq,
      float[] dk,
      float[] dv) {
    double[] weights = new double[s.keys()];
    forEachQuery(
        s,
        from,
        to,
        (b, kvHead, h, i) -> {
          probabilities(s, b, kvHead, h, i, q, k, weights);
          int qAt = ((b * s.length() + i) * s.heads() + h) * s.headDim();
          int oAt = ((b * s.length() + i) * s.heads() + h) * s.valueDim();
          double delta = dot(s.valueDim(), dOut, oAt, out, oAt);
          for (int j = s.firstVisible(b, i); j < s.endVisible(i); j++) {
            int kAt = key(s, b, kvHead, j);
            int vAt = value(s, b, kvHead, j);
            double dScore = weights[j] * (dot(s.valueDim(), dOut, oAt, v, vAt) - delta);
            if (s.softcap() > 0) {
              double t = Math.tanh(dot(s.headDim(), q, qAt, k, kAt) * s.scale() / s.softcap());
              dScore *= 1 - t * t;
            }
            for (int d = 0; d < s.headDim(); d++) {
              dq[qAt + d] += (float) (dScore * s.scale() * k[kAt + d]);
              dk[kAt + d] += (float) (dScore * s.scale() * q[qAt + d]);
            }
            for (int d = 0; d < s.valueDim(); d++) {
              dv[vAt + d] += (float) (weights[j] * dOut[oAt + d]);
            }
          }
        });
  }

  private interface QueryBody {
    void run(int b, int kvHead, int head, int query);
  }

  private static void forEachQuery(Spec s, int from, int to, QueryBody body) {
    int group = s.heads() / s.kvHeads();
    for (int unit = from; unit < to; unit++) {
      int b = unit / s.kvHeads();
      int kvHead = unit % s.kvHeads();
      for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
        for (int i = 0; i < s.length(); i++) {
          body.run(b, kvHead, h, i);
        }
      }
    }
  }

  /** Fills the visible part of {@code weights} with the softmax; returns the log of its sum. */
  private static double probabilities(
      Spec s, int b, int kvHead, int h, int i, float[] q, float[] k, double[] weights) {
    int qAt = ((b * s.length() + i) * s.heads() + h) * s.headDim();
    int position = s.keys() - s.length() + i;
    int first = s.firstVisible(b, i);
    int end = s.endVisible(i);
    double max = Double.NEGATIVE_INFINITY;
    for (int j = first; j < end; j++) {
      double score = dot(s.headDim(), q, qAt, k, key(s, b, kvHead, j)) * s.scale();
      if (s.softcap() > 0) {
        score = s.softcap() * Math.tanh(score / s.softcap());
      }
      if (s.slopes() != null) {
        score += (double) s.slopes()[h] * (j - position);
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

  private static double dot(int n, float[] a, int aOff, float[] b, int bOff) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) a[aOff + i] * b[bOff + i];
    }
    return sum;
  }

  private static int key(Spec s, int b, int kvHead, int j) {
    Strides t = s.keyStrides();
    return b * t.batch() + kvHead * t.head() + j * t.position();
  }

  private static int value(Spec s, int b, int kvHead, int j) {
    Strides t = s.valueStrides();
    return b * t.batch() + kvHead * t.head() + j * t.position();
  }
}
