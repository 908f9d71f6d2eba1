package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.WAYS;

import dev.ashlar.tensor.kernel.NormKernel;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** Norms row by row. */
public final class VectorNorm implements NormKernel {
  private static final class Ones {
    float[] data = new float[0];

    /** At least {@code n} ones: the weight of a norm that has none. */
    float[] atLeast(int n) {
      if (data.length < n) {
        data = new float[n];
        Arrays.fill(data, 1f);
      }
      return data;
    }
  }

  private static final ThreadLocal<Ones> ONES = ThreadLocal.withInitial(Ones::new);

  private static float[] orOnes(float[] weight, int dim) {
    return weight == null ? ONES.get().atLeast(dim) : weight;
  }

  @Override
  public void rms(
      int from, int to, int dim, float eps, float[] x, float[] weight, float[] y, float[] rstd) {
    float[] w = orOnes(weight, dim);
    for (int r = from; r < to; r++) {
      double mean = (double) Lanes.dot(dim, x, r * dim, x, r * dim) / dim;
      float rs = (float) (1 / Math.sqrt(mean + eps));
      rstd[r] = rs;
      scaled(dim, x, r * dim, rs, w, y);
    }
  }

  /** {@code y = x · s · w}. */
  private static void scaled(int dim, float[] x, int off, float s, float[] w, float[] y) {
    int i = 0;
    for (; i <= dim - L; i += L) {
      FloatVector.fromArray(F, x, off + i)
          .mul(s)
          .mul(FloatVector.fromArray(F, w, i))
          .intoArray(y, off + i);
    }
    for (; i < dim; i++) {
      y[off + i] = x[off + i] * s * w[i];
    }
  }

  @Override
  public void rmsBackward(
      int from,
      int to,
      int dim,
      float[] x,
      float[] weight,
      float[] rstd,
      float[] dy,
      float[] dx,
      boolean accumulate,
      float[] dWeight) {
    float[] w = orOnes(weight, dim);
    for (int r = from; r < to; r++) {
      int off = r * dim;
      float rs = rstd[r];
      if (dWeight != null) {
        weightGradient(dim, x, off, 0f, rs, dy, dWeight);
      }
      if (dx != null) {
        double dot = tripleDot(dim, dy, off, w, x, 0f);
        float c = (float) (dot * rs * rs * rs / dim);
        inputGradient(dim, dy, off, w, rs, x, -c, 0f, dx, accumulate);
      }
    }
  }

  /** {@code Σ dy·w·(x − mean)}. */
  private static float tripleDot(int dim, float[] dy, int off, float[] w, float[] x, float mean) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= dim - WAYS; i += WAYS) {
      s0 = product(dy, off + i, w, i).fma(centered(x, off + i, mean), s0);
      if (L < 16) {
        int j = i + L;
        s1 = product(dy, off + j, w, j).fma(centered(x, off + j, mean), s1);
      }
      if (L < 8) {
        int j = i + 2 * L;
        s2 = product(dy, off + j, w, j).fma(centered(x, off + j, mean), s2);
        j += L;
        s3 = product(dy, off + j, w, j).fma(centered(x, off + j, mean), s3);
      }
    }
    float total = Lanes.sum(Lanes.folded(s0, s1, s2, s3));
    for (; i < dim; i++) {
      total = Math.fma(dy[off + i] * w[i], x[off + i] - mean, total);
    }
    return total;
  }

  private static FloatVector product(float[] a, int aAt, float[] b, int bAt) {
    return FloatVector.fromArray(F, a, aAt).mul(FloatVector.fromArray(F, b, bAt));
  }

  private static FloatVector centered(float[] x, int at, float mean) {
    return FloatVector.fromArray(F, x, at).sub(mean);
  }

  /** {@code dx (+)= dy·w·r + x·a + b}. */
  private static void inputGradient(
      int dim,
      float[] dy,
      int off,
      float[] w,
      float r,
      float[] x,
      float a,
      float b,
      float[] dx,
      boolean accumulate) {
    FloatVector av = FloatVector.broadcast(F, a);
    FloatVector bv = FloatVector.broadcast(F, b);
    FloatVector rv = FloatVector.broadcast(F, r);
    int i = 0;
    if (accumulate) {
      for (; i <= dim - L; i += L) {
        FloatVector g = FloatVector.fromArray(F, dy, off + i).mul(FloatVector.fromArray(F, w, i));
        FloatVector d = FloatVector.fromArray(F, x, off + i).fma(av, bv);
        g.fma(rv, d).add(FloatVector.fromArray(F, dx, off + i)).intoArray(dx, off + i);
      }
    } else {
      for (; i <= dim - L; i += L) {
        FloatVector g = FloatVector.fromArray(F, dy, off + i).mul(FloatVector.fromArray(F, w, i));
        FloatVector d = FloatVector.fromArray(F, x, off + i).fma(av, bv);
        g.fma(rv, d).intoArray(dx, off + i);
      }
    }
    for (; i < dim; i++) {
      float d = Math.fma(dy[off + i] * w[i], r, Math.fma(x[off + i], a, b));
      dx[off + i] = accumulate ? dx[off + i] + d : d;
    }
  }

  /** {@code dWeight += dy·(x − mean)·r}. */
  private static void weightGradient(
      int dim, float[] x, int off, float mean, float r, float[] dy, float[] dWeight) {
    int i = 0;
    for (; i <= dim - L; i += L) {
      FloatVector hat = FloatVector.fromArray(F, x, off + i).sub(mean).mul(r);
      FloatVector.fromArray(F, dy, off + i)
          .fma(hat, FloatVector.fromArray(F, dWeight, i))
          .intoArray(dWeight, i);
    }
    for (; i < dim; i++) {
      dWeight[i] = Math.fma(dy[off + i], (x[off + i] - mean) * r, dWeight[i]);
    }
  }

  @Override
  public void layer(
      int from,
      int to,
      int dim,
      float eps,
      float[] x,
      float[] weight,
      float[] bias,
      float[] y,
      float[] mean,
      float[] rstd) {
    float[] w = orOnes(weight, dim);
    for (int r = from; r < to; r++) {
      int off = r * dim;
      float mu = (float) ((double) sum(dim, x, off) / dim);
      double variance = (double) squares(dim, x, off, mu) / dim;
      float rs = (float) (1 / Math.sqrt(variance + eps));
      mean[r] = mu;
      rstd[r] = rs;
      centered(dim, x, off, mu, rs, w, y);
      if (bias != null) {
        addTo(dim, bias, 0, y, off);
      }
    }
  }

  private static float sum(int dim, float[] x, int off) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = off;
    for (; i <= off + dim - WAYS; i += WAYS) {
      s0 = FloatVector.fromArray(F, x, i).add(s0);
      if (L < 16) {
        s1 = FloatVector.fromArray(F, x, i + L).add(s1);
      }
      if (L < 8) {
        s2 = FloatVector.fromArray(F, x, i + 2 * L).add(s2);
        s3 = FloatVector.fromArray(F, x, i + 3 * L).add(s3);
      }
    }
    float total = Lanes.sum(Lanes.folded(s0, s1, s2, s3));
    for (; i < off + dim; i++) {
      total += x[i];
    }
    return total;
  }

  private static float squares(int dim, float[] x, int off, float mean) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = off;
    for (; i <= off + dim - WAYS; i += WAYS) {
      s0 = square(x, i, mean, s0);
      if (L < 16) {
        s1 = square(x, i + L, mean, s1);
      }
      if (L < 8) {
        s2 = square(x, i + 2 * L, mean, s2);
        s3 = square(x, i + 3 * L, mean, s3);
      }
    }
    float total = Lanes.sum(Lanes.folded(s0, s1, s2, s3));
    for (; i < off + dim; i++) {
      float d = x[i] - mean;
      total = Math.fma(d, d, total);
    }
    return total;
  }

  private static FloatVector square(float[] x, int at, float mean, FloatVector sum) {
    FloatVector d = FloatVector.fromArray(F, x, at).sub(mean);
    return d.fma(d, sum);
  }

  /** {@code y = (x − mean) · s · w}. */
  private static void centered(
      int dim, float[] x, int off, float mean, float s, float[] w, float[] y) {
    int i = 0;
    for (; i <= dim - L; i += L) {
      FloatVector.fromArray(F, x, off + i)
          .sub(mean)
          .mul(s)
          .mul(FloatVector.fromArray(F, w, i))
          .intoArray(y, off + i);
    }
    for (; i < dim; i++) {
      y[off + i] = (x[off + i] - mean) * s * w[i];
    }
  }

  /** {@code y += x}. */
  private static void addTo(int n, float[] x, int xOff, float[] y, int yOff) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, y, yOff + i)
          .add(FloatVector.fromArray(F, x, xOff + i))
          .intoArray(y, yOff + i);
    }
    for (; i < n; i++) {
      y[yOff + i] += x[xOff + i];
    }
  }

  @Override
  public void layerBackward(
      int from,
      int to,
      int dim,
      float[] x,
      float[] weight,
      float[] mean,
      float[] rstd,
      float[] dy,
      float[] dx,
      boolean accumulate,
      float[] dWeight,
      float[] dBias) {
    float[] w = orOnes(weight, dim);
    for (int r = from; r < to; r++) {
      int off = r * dim;
      float rs = rstd[r];
      if (dWeight != null) {
        weightGradient(dim, x, off, mean[r], rs, dy, dWeight);
      }
      if (dBias != null) {
        addTo(dim, dy, off, dBias, 0);
      }
      if (dx != null) {
        double slope = (double) tripleDot(dim, dy, off, w, x, mean[r]) * rs * rs * rs / dim;
        double level = (double) dot(dim, dy, off, w) * rs / dim;
        float b = (float) (slope * mean[r] - level);
        inputGradient(dim, dy, off, w, rs, x, (float) -slope, b, dx, accumulate);
      }
    }
  }

  private static float dot(int dim, float[] dy, int off, float[] w) {
    return Lanes.dot(dim, dy, off, w, 0);
  }
}
