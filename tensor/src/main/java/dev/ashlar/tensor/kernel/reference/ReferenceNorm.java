package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.NormKernel;

/** Norms by their formulas. */
final class ReferenceNorm implements NormKernel {
  @Override
  public void rms(
      int from, int to, int dim, float eps, float[] x, float[] weight, float[] y, float[] rstd) {
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double sum = 0;
      for (int i = 0; i < dim; i++) {
        sum += (double) x[o + i] * x[o + i];
      }
      double rs = 1 / Math.sqrt(sum / dim + eps);
      rstd[r] = (float) rs;
      for (int i = 0; i < dim; i++) {
        y[o + i] = (float) (x[o + i] * rs * weight(weight, i));
      }
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
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double rs = rstd[r];
      double dot = 0;
      for (int i = 0; i < dim; i++) {
        dot += (double) dy[o + i] * weight(weight, i) * x[o + i];
        if (dWeight != null) {
          dWeight[i] += (float) (dy[o + i] * x[o + i] * rs);
        }
      }
      if (dx == null) {
        continue;
      }
      double c = dot * rs * rs * rs / dim;
      for (int i = 0; i < dim; i++) {
        double d = dy[o + i] * (double) weight(weight, i) * rs - c * x[o + i];
        dx[o + i] = (float) (accumulate ? dx[o + i] + d : d);
      }
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
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double sum = 0;
      for (int i = 0; i < dim; i++) {
        sum += x[o + i];
      }
      double mu = sum / dim;
      double squares = 0;
      for (int i = 0; i < dim; i++) {
        squares += (x[o + i] - mu) * (x[o + i] - mu);
      }
      double rs = 1 / Math.sqrt(squares / dim + eps);
      mean[r] = (float) mu;
      rstd[r] = (float) rs;
      for (int i = 0; i < dim; i++) {
        y[o + i] =
            (float) ((x[o + i] - mu) * rs * weight(weight, i) + (bias == null ? 0 : bias[i]));
      }
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
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double sum = 0;
      double dot = 0;
      for (int i = 0; i < dim; i++) {
        double hat = ((double) x[o + i] - mean[r]) * rstd[r];
        double g = (double) dy[o + i] * weight(weight, i);
        sum += g;
        dot += g * hat;
        if (dWeight != null) {
          dWeight[i] += (float) (dy[o + i] * hat);
        }
        if (dBias != null) {
          dBias[i] += dy[o + i];
        }
      }
      if (dx == null) {
        continue;
      }
      for (int i = 0; i < dim; i++) {
        double hat = ((double) x[o + i] - mean[r]) * rstd[r];
        double g = (double) dy[o + i] * weight(weight, i);
        double d = rstd[r] * (g - sum / dim - hat * dot / dim);
        dx[o + i] = (float) (accumulate ? dx[o + i] + d : d);
      }
    }
  }

  private static float weight(float[] weight, int i) {
    return weight == null ? 1f : weight[i];
  }
}
