package dev.ashlar.tensor.kernel.vector.attention;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.lanes.VectorMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What attention does to one row of scores. Rows are arrays with at least {@link Lanes#PANEL}
 * floats behind the last visible key: whole vectors are read and written there.
 */
final class ScoreRows {
  private ScoreRows() {}

  /**
   * Scales scores {@code [from, to)} of the row at {@code off} in place, with soft cap and ALiBi
   * bias if they are not 0, and returns their maximum. Behind {@code to}, up to the next whole
   * vector: −∞.
   *
   * @param position the query's position, where the bias is 0
   * @param lanes scratch of {@link Lanes#WAYS} floats
   */
  static float scale(
      float[] s,
      int off,
      int from,
      int to,
      float scale,
      float cap,
      float slope,
      int position,
      float[] lanes) {
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
    hide(s, off, to);
    max(s, off, from, to, lanes);
    return Lanes.max(lanes);
  }

  /** Puts −∞ behind {@code to}. */
  private static void hide(float[] s, int off, int to) {
    for (int j = off + to; j < off + to + L; j++) {
      s[j] = Float.NEGATIVE_INFINITY;
    }
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

  private static void max(float[] s, int off, int from, int to, float[] lanes) {
    FloatVector m = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int j = from; j < to; j += L) {
      FloatVector x = FloatVector.fromArray(F, s, off + j);
      m = x.blend(m, x.compare(VectorOperators.GT, m).not());
    }
    m.intoArray(lanes, 0);
  }

  /**
   * {@code s = exp(s − max)} on {@code [from, to)} and to the end of the last vector, where −∞ has
   * become 0; returns the sum.
   *
   * @param lanes scratch of {@link Lanes#WAYS} floats
   */
  static float exp(float[] s, int off, int from, int to, float max, float[] lanes) {
    exponentials(s, off, from, to, max, lanes);
    return Lanes.sum(lanes);
  }

  /**
   * The partial sums wait in memory: carried by the loop they were boxed once for each vector, in a
   * third to a half of all starts and for good; one in fifteen is left (DecodeAllocationTest). The
   * exponential takes longer than waiting for them.
   */
  private static void exponentials(float[] s, int off, int from, int to, float max, float[] lanes) {
    Arrays.fill(lanes, 0, Lanes.WAYS, 0f);
    int at = 0;
    for (int j = from; j < to; j += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, s, off + j).sub(max));
      e.intoArray(s, off + j);
      e.add(FloatVector.fromArray(F, lanes, at)).intoArray(lanes, at);
      at = (at + L) % Lanes.WAYS;
    }
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
   * to)}. What lies behind {@code to} is undefined afterwards.
   */
  static void gradient(
      float[] p, float[] ds, int off, int from, int to, float scale, float lse, float delta) {
    for (int j = from; j < to; j += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, p, off + j).mul(scale).sub(lse));
      e.intoArray(p, off + j);
      FloatVector.fromArray(F, ds, off + j).sub(delta).mul(e).mul(scale).intoArray(ds, off + j);
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
      int position,
      float[] lanes) {
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
    exponentials(p, off, from, to, lse, lanes);
    for (int j = from; j < to; j++) {
      ds[off + j] *= p[off + j];
    }
  }
}
