package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.LossKernel;

/** Losses by their formulas. */
final class ReferenceLoss implements LossKernel {
  @Override
  public void crossEntropy(
      int from, int to, int vocab, float[] logits, int[] targets, double[] losses, float[] lse) {
    for (int r = from; r < to; r++) {
      int o = r * vocab;
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < vocab; i++) {
        max = Math.max(max, logits[o + i]);
      }
      double sum = 0;
      for (int i = 0; i < vocab; i++) {
        sum += Math.exp(logits[o + i] - max);
      }
      double logSum = max + Math.log(sum);
      lse[r] = (float) logSum;
      losses[r] = targets[r] < 0 ? 0 : logSum - logits[o + targets[r]];
    }
  }

  @Override
  public void crossEntropyBackward(
      int from,
      int to,
      int vocab,
      float[] logits,
      int[] targets,
      float[] lse,
      float scale,
      float[] dLogits,
      boolean accumulate) {
    for (int r = from; r < to; r++) {
      int o = r * vocab;
      for (int i = 0; i < vocab; i++) {
        double d = 0;
        if (targets[r] >= 0) {
          d = scale * (Math.exp((double) logits[o + i] - lse[r]) - (i == targets[r] ? 1 : 0));
        }
        dLogits[o + i] = (float) (accumulate ? dLogits[o + i] + d : d);
      }
    }
  }

  @Override
  public double squaredError(int off, int n, float[] p, float[] y) {
    double sum = 0;
    for (int i = off; i < off + n; i++) {
      double e = (double) p[i] - y[i];
      sum += e * e;
    }
    return sum;
  }

  @Override
  public void squaredErrorBackward(
      int off, int n, float[] p, float[] y, float scale, float[] dp, boolean accumulate) {
    for (int i = off; i < off + n; i++) {
      double d = scale * 2.0 * ((double) p[i] - y[i]);
      dp[i] = (float) (accumulate ? dp[i] + d : d);
    }
  }
}
