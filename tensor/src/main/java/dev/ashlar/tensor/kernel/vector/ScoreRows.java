package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.Lanes.L;

import jdk.incubator.vector.FloatVector;

/**
 * What attention does to one row of scores. Rows are arrays with at least {@link Lanes#PANEL}
 * floats behind the last visible key: whole vectors are read and written there.
 */
final class ScoreRows {
  private ScoreRows() {}

  /**
   * Scales scores {@code [from, to)} of the row at {@code off} in place, with soft cap and ALiBi
   * bias if they are not 0, and returns their maximum.
   *
   * @param position the query's position, where the bias is 0
   */
  static float scale(
      float[] s, int off, int from, int to, float scale, float cap, float slope, int position) {
    if (cap > 0) {
      cap(s, off, from, to, scale, cap);
    } else {
      multiply(s, off, from, to, scale);
    }
    if (slope != 0) {
      for (int j = from; j < to; j++) {
        s[off + j] += slope * (j - position);
      }
    }
    return max(s, off, from, to);
  }

  private static void multiply(float[] s, int off, int from, int to, float scale) {
    for (int j = from; j < to; j += L) {
      FloatVector.fromArray(F, s, off + j).mul(scale).intoArray(s, off + j);
    }
  }

  private static void cap(float[] s, int off, int from, int to, float scale, float cap) {
    float inner = scale / cap;
    for (int j = from; j < to; j += L) {
      FloatVector x = FloatVector.fromArray(F, s, off + j).mul(inner);
      VectorMath.tanh(x).mul(cap).intoArray(s, off + j);
    }
  }

  private static float max(float[] s, int off, int from, int to) {
    FloatVector m = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int j = from;
    for (; j <= to - L; j += L) {
      m = m.max(FloatVector.fromArray(F, s, off + j));
    }
    if (j < to) {
      m =
          m.max(
              FloatVector.fromArray(F, s, off + j)
                  .blend(Float.NEGATIVE_INFINITY, Lanes.first(to - j).not()));
    }
    return Lanes.max(m);
  }

  /** {@code s = exp(s − max)} on {@code [from, to)}; returns the sum. Behind {@code to}: zeros. */
  static float exp(float[] s, int off, int from, int to, float max) {
    FloatVector sum = FloatVector.zero(F);
    int j = from;
    for (; j <= to - L; j += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, s, off + j).sub(max));
      e.intoArray(s, off + j);
      sum = sum.add(e);
    }
    if (j < to) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, s, off + j).sub(max));
      e = e.blend(0f, Lanes.first(to - j).not());
      e.intoArray(s, off + j);
      sum = sum.add(e);
    }
    return Lanes.sum(sum);
  }

  /** Zeros on {@code [from, to)}. */
  static void clear(float[] s, int off, int from, int to) {
    for (int j = from; j < to; j++) {
      s[off + j] = 0f;
    }
  }

  /**
   * Turns raw scores into probabilities {@code p = exp(score − lse)} and the gradient of the
   * probabilities into that of the raw scores, {@code ds = p·(dp − delta)·scale}, on {@code [from,
   * to)}; behind {@code to}: zeros up to the next whole vector.
   */
  static void gradient(
      float[] p, float[] ds, int off, int from, int to, float scale, float lse, float delta) {
    for (int j = from; j < to; j += L) {
      FloatVector x = FloatVector.fromArray(F, p, off + j).mul(scale).sub(lse);
      FloatVector e = VectorMath.exp(x);
      if (j + L > to) {
        e = e.blend(0f, Lanes.first(to - j).not());
      }
      e.intoArray(p, off + j);
      FloatVector d = FloatVector.fromArray(F, ds, off + j).sub(delta).mul(e).mul(scale);
      if (j + L > to) {
        d = d.blend(0f, Lanes.first(to - j).not());
      }
      d.intoArray(ds, off + j);
    }
  }

  /** {@link #gradient} with soft cap and ALiBi bias. */
  static void gradient(
      float[] p,
      float[] ds,
      int off,
      int from,
      int to,
      float scale,
      float lse,
      float delta,
      float cap,
      float slope,
      int position) {
    for (int j = from; j < to; j++) {
      ds[off + j] = (ds[off + j] - delta) * scale;
    }
    if (cap > 0) {
      cap(p, off, from, to, scale, cap);
      for (int j = from; j < to; j++) {
        float t = p[off + j] / cap;
        ds[off + j] *= 1 - t * t;
      }
    } else {
      multiply(p, off, from, to, scale);
    }
    if (slope != 0) {
      for (int j = from; j < to; j++) {
        p[off + j] += slope * (j - position);
      }
    }
    exp(p, off, from, to, lse);
    for (int j = from; j < to; j++) {
      ds[off + j] *= p[off + j];
    }
  }

  /** {@code Σ a·b} over {@code n} floats. */
  static float dot(int n, float[] a, int aOff, float[] b, int bOff) {
    FloatVector sum = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      sum = FloatVector.fromArray(F, a, aOff + i).fma(FloatVector.fromArray(F, b, bOff + i), sum);
    }
    float total = Lanes.sum(sum);
    for (; i < n; i++) {
      total = Math.fma(a[aOff + i], b[bOff + i], total);
    }
    return total;
  }
}
