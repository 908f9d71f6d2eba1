package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.SoftmaxKernel;

/** Softmax by its formula, with the maximum taken out. */
final class ReferenceSoftmax implements SoftmaxKernel {
  @Override
  public void forward(int from, int to, int dim, float[] x, float[] y) {
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < dim; i++) {
        max = Math.max(max, x[o + i]);
      }
      double sum = 0;
      for (int i = 0; i < dim; i++) {
        sum += Math.exp(x[o + i] - max);
      }
      for (int i = 0; i < dim; i++) {
        y[o + i] = (float) (Math.exp(x[o + i] - max) / sum);
      }
    }
  }

  @Override
  public void backward(
      int from, int to, int dim, float[] y, float[] dy, float[] dx, boolean accumulate) {
    for (int r = from; r < to; r++) {
      int o = r * dim;
      double dot = 0;
      for (int i = 0; i < dim; i++) {
        dot += (double) y[o + i] * dy[o + i];
      }
      for (int i = 0; i < dim; i++) {
        double d = y[o + i] * (dy[o + i] - dot);
        dx[o + i] = (float) (accumulate ? dx[o + i] + d : d);
      }
    }
  }
}
