package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.Lanes.L;

import dev.ashlar.tensor.kernel.SoftmaxKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Softmax in three passes over a row: maximum, exponentials with their sum, scaling. */
final class VectorSoftmax implements SoftmaxKernel {
  @Override
  public void forward(int from, int to, int dim, float[] x, float[] y) {
    for (int r = from; r < to; r++) {
      float max = max(dim, x, r * dim);
      float sum = exp(dim, x, r * dim, max, y);
      scale(dim, 1 / sum, y, r * dim);
    }
  }

  /** The largest of {@code n} floats. */
  static float max(int n, float[] x, int off) {
    FloatVector m = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - L; i += L) {
      m = m.max(FloatVector.fromArray(F, x, off + i));
    }
    float max = Lanes.max(m);
    for (; i < n; i++) {
      max = Math.max(max, x[off + i]);
    }
    return max;
  }

  /** {@code y = exp(x − max)}; returns the sum. */
  private static float exp(int n, float[] x, int off, float max, float[] y) {
    FloatVector sum = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off + i).sub(max));
      e.intoArray(y, off + i);
      sum = sum.add(e);
    }
    if (i < n) {
      VectorMask<Float> rest = Lanes.first(n - i);
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off + i, rest).sub(max));
      e.intoArray(y, off + i, rest);
      sum = sum.add(e, rest);
    }
    return Lanes.sum(sum);
  }

  private static void scale(int n, float s, float[] y, int off) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, y, off + i).mul(s).intoArray(y, off + i);
    }
    for (; i < n; i++) {
      y[off + i] *= s;
    }
  }

  @Override
  public void backward(
      int from, int to, int dim, float[] y, float[] dy, float[] dx, boolean accumulate) {
    for (int r = from; r < to; r++) {
      float dot = ScoreRows.dot(dim, y, r * dim, dy, r * dim);
      gradient(dim, y, dy, r * dim, dot, dx, accumulate);
    }
  }

  private static void gradient(
      int n, float[] y, float[] dy, int off, float dot, float[] dx, boolean accumulate) {
    int i = 0;
    if (accumulate) {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, dy, off + i)
            .sub(dot)
            .mul(FloatVector.fromArray(F, y, off + i))
            .add(FloatVector.fromArray(F, dx, off + i))
            .intoArray(dx, off + i);
      }
    } else {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, dy, off + i)
            .sub(dot)
            .mul(FloatVector.fromArray(F, y, off + i))
            .intoArray(dx, off + i);
      }
    }
    for (; i < n; i++) {
      float d = y[off + i] * (dy[off + i] - dot);
      dx[off + i] = accumulate ? dx[off + i] + d : d;
    }
  }
}
