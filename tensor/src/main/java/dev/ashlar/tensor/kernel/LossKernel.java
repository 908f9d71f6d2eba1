package dev.ashlar.tensor.kernel;

/**
 * Losses over rows. Sums are kept in double and returned, so that callers add them in row order.
 */
public interface LossKernel {
  /**
   * Negative log-likelihood of {@code targets} under softmax of {@code logits [rows, vocab]}, rows
   * {@code [from, to)}; a negative target leaves its row out.
   *
   * @param losses {@code [rows]}, receives each row's loss (0 where left out)
   * @param lse {@code [rows]}, receives {@code log Σ exp(logit)}
   */
  void crossEntropy(
      int from, int to, int vocab, float[] logits, int[] targets, double[] losses, float[] lse);

  /** {@code dLogits (+)= scale · (softmax − onehot)}, zero for rows left out. */
  void crossEntropyBackward(
      int from,
      int to,
      int vocab,
      float[] logits,
      int[] targets,
      float[] lse,
      float scale,
      float[] dLogits,
      boolean accumulate);

  /** {@code Σ (p − y)²} of {@code n} elements from {@code off}. */
  double squaredError(int off, int n, float[] p, float[] y);

  /** {@code dp (+)= scale · 2(p − y)} on {@code n} elements from {@code off}. */
  void squaredErrorBackward(
      int off, int n, float[] p, float[] y, float scale, float[] dp, boolean accumulate);
}
