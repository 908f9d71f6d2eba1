package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.kernel.SoftmaxKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kernel.vector.lanes.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Softmax in three passes over a row: maximum, exponentials with their sum, scaling. */
public final class VectorSoftmax implements SoftmaxKernel {
  /** Floats summed in float: over a whole vocabulary the small terms would vanish in the sum. */
  private static final int PIECE = 1024;

  @Override
  public void forward(int from, int to, int dim, float[] x, float[] y) {
    float[] lanes = new float[WAYS];
    for (int r = from; r < to; r++) {
      float max = max(dim, x, r * dim, lanes);
      float sum = exp(dim, x, r * dim, max, y, lanes);
      scale(dim, 1 / sum, y, r * dim);
    }
  }

  /**
   * The largest of {@code n} floats.
   *
   * @param lanes scratch of {@link Lanes#WAYS} floats
   */
  static float max(int n, float[] x, int off, float[] lanes) {
    FloatVector m = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, off + i);
      m = v.blend(m, v.compare(VectorOperators.GT, m).not());
    }
    m.intoArray(lanes, 0);
    float max = Lanes.max(lanes);
    for (; i < n; i++) {
      max = Math.max(max, x[off + i]);
    }
    return max;
  }

  /** {@code y = exp(x − max)}; returns the sum. */
  private static float exp(int n, float[] x, int off, float max, float[] y, float[] lanes) {
    double sum = 0;
    for (int i = 0; i < n; i += PIECE) {
      int count = Math.min(PIECE, n - i);
      int whole = count - count % L;
      exponentials(whole, x, off + i, max, y, lanes);
      if (whole < count) {
        rest(count - whole, x, off + i + whole, max, y, lanes);
      }
      sum += Lanes.sum(lanes);
    }
    return (float) sum;
  }

  private static void exponentials(int n, float[] x, int off, float max, float[] y, float[] lanes) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int i = 0; i < n; i += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off + i).sub(max));
      e.intoArray(y, off + i);
      FloatVector t = e.add(s0);
      if (L >= 16) {
        s0 = t;
      } else if (L >= 8) {
        s0 = s1;
        s1 = t;
      } else {
        s0 = s1;
        s1 = s2;
        s2 = s3;
        s3 = t;
      }
    }
    Lanes.store(s0, s1, lanes, 0);
    if (L < 8) {
      Lanes.store(s2, s3, lanes, 2 * L);
    }
  }

  /** The last {@code n} floats, less than a vector. */
  private static void rest(int n, float[] x, int off, float max, float[] y, float[] lanes) {
    VectorMask<Float> rest = Lanes.first(n);
    FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, off, rest).sub(max));
    e.intoArray(y, off, rest);
    FloatVector.fromArray(F, lanes, 0).add(e, rest).intoArray(lanes, 0);
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
      float dot = Lanes.dot(dim, y, r * dim, dy, r * dim);
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
