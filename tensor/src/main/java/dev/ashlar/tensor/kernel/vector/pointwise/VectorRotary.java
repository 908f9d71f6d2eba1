package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.RotaryKernel;
import jdk.incubator.vector.FloatVector;

/** Rotations: half-split pairs by vectors, interleaved ones (rare) one by one. */
public final class VectorRotary implements RotaryKernel {
  @Override
  public void rotate(
      int from,
      int to,
      int heads,
      int headDim,
      int rotaryDim,
      boolean interleaved,
      int[] positions,
      float[] cos,
      float[] sin,
      boolean inverse,
      float[] x,
      float[] y,
      boolean accumulate) {
    int half = rotaryDim / 2;
    for (int r = from; r < to; r++) {
      int table = positions[r] * half;
      for (int h = 0; h < heads; h++) {
        int o = (r * heads + h) * headDim;
        if (interleaved) {
          pairs(0, half, 2, 1, cos, sin, table, inverse, x, y, o, accumulate);
        } else {
          int done =
              accumulate
                  ? halvesAdded(half, cos, sin, table, inverse ? -1f : 1f, x, y, o)
                  : halves(half, cos, sin, table, inverse ? -1f : 1f, x, y, o);
          pairs(done, half, 1, half, cos, sin, table, inverse, x, y, o, accumulate);
        }
        for (int i = o + rotaryDim; i < o + headDim; i++) {
          y[i] = accumulate ? y[i] + x[i] : x[i];
        }
      }
    }
  }

  /** Whole vectors of pairs (i, i + half); returns the pairs done. */
  private static int halves(
      int half, float[] cos, float[] sin, int table, float sign, float[] x, float[] y, int o) {
    int i = 0;
    for (; i <= half - L; i += L) {
      FloatVector c = FloatVector.fromArray(F, cos, table + i);
      FloatVector s = FloatVector.fromArray(F, sin, table + i).mul(sign);
      FloatVector p = FloatVector.fromArray(F, x, o + i);
      FloatVector q = FloatVector.fromArray(F, x, o + half + i);
      p.mul(c).sub(q.mul(s)).intoArray(y, o + i);
      q.mul(c).add(p.mul(s)).intoArray(y, o + half + i);
    }
    return i;
  }

  private static int halvesAdded(
      int half, float[] cos, float[] sin, int table, float sign, float[] x, float[] y, int o) {
    int i = 0;
    for (; i <= half - L; i += L) {
      FloatVector c = FloatVector.fromArray(F, cos, table + i);
      FloatVector s = FloatVector.fromArray(F, sin, table + i).mul(sign);
      FloatVector p = FloatVector.fromArray(F, x, o + i);
      FloatVector q = FloatVector.fromArray(F, x, o + half + i);
      p.mul(c).sub(q.mul(s)).add(FloatVector.fromArray(F, y, o + i)).intoArray(y, o + i);
      q.mul(c)
          .add(p.mul(s))
          .add(FloatVector.fromArray(F, y, o + half + i))
          .intoArray(y, o + half + i);
    }
    return i;
  }

  /** Pairs {@code [from, to)}: pair i at {@code o + i·step} and {@code apart} behind it. */
  private static void pairs(
      int from,
      int to,
      int step,
      int apart,
      float[] cos,
      float[] sin,
      int table,
      boolean inverse,
      float[] x,
      float[] y,
      int o,
      boolean accumulate) {
    for (int i = from; i < to; i++) {
      int p = o + i * step;
      int q = p + apart;
      float c = cos[table + i];
      float s = inverse ? -sin[table + i] : sin[table + i];
      float u = x[p] * c - x[q] * s;
      float v = x[q] * c + x[p] * s;
      y[p] = accumulate ? y[p] + u : u;
      y[q] = accumulate ? y[q] + v : v;
    }
  }
}
