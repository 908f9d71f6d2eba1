package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.LossKernel;
import java.util.Arrays;

/** Squared error of a batch over the positions that count, and its gradient. */
final class BatchLoss {
  /** Elements below which another thread does not pay. */
  private static final int GRAIN = 1 << 14;

  private final LossKernel kernel;
  private final boolean[][] counted;
  private final int length;
  private final double[] rowSums;
  private final boolean suppresses;

  /**
   * @param counted for each sample, which positions count
   * @param batch samples of the largest micro-batch
   * @param suppresses whether the thousandth of the elements that is farthest off does not count
   */
  BatchLoss(LossKernel kernel, boolean[][] counted, int length, int batch, boolean suppresses) {
    this.suppresses = suppresses;
    this.kernel = kernel;
    this.counted = counted;
    this.length = length;
    this.rowSums = new double[batch * length];
  }

  /**
   * {@code Σ (p − y)²} over the rows that count. Each row is summed for itself and rows are added
   * in order, whoever computed them.
   *
   * @param p {@code [count, length, dim]}
   * @param y like {@code p}
   * @param gradient receives {@code scale · ∂/∂p}, zero where rows do not count; or null
   */
  double squaredError(Tensor p, Tensor y, int[] samples, int from, Tensor gradient, float scale) {
    int dim = p.dim(-1);
    int rows = p.rows();
    Parallel.rows(
        rows,
        Math.max(1, GRAIN / dim),
        (first, end) -> {
          for (int r = first; r < end; r++) {
            boolean counts = counted[samples[from + r / length]][r % length];
            row(p, y, r, dim, counts, gradient, scale);
          }
        });
    if (suppresses) {
      suppress(p, y, samples, from, gradient);
    }
    double sum = 0;
    for (int r = 0; r < rows; r++) {
      sum += rowSums[r];
    }
    return sum;
  }

  /** Takes what is farthest off out of the sums and the gradient. */
  private void suppress(Tensor p, Tensor y, int[] samples, int from, Tensor gradient) {
    int dim = p.dim(-1);
    for (int i : Farthest.of(p.data(), y.data(), p.size())) {
      int r = i / dim;
      if (counted[samples[from + r / length]][r % length]) {
        double e = (double) p.data()[i] - y.data()[i];
        // A sum may round a hair below the parts that are taken from it.
        rowSums[r] = Math.max(0, rowSums[r] - e * e);
      }
      if (gradient != null) {
        gradient.data()[i] = 0;
      }
    }
  }

  private void row(
      Tensor p, Tensor y, int r, int dim, boolean counts, Tensor gradient, float scale) {
    int at = r * dim;
    rowSums[r] = counts ? kernel.squaredError(at, dim, p.data(), y.data()) : 0;
    if (gradient == null) {
      return;
    }
    if (counts) {
      kernel.squaredErrorBackward(at, dim, p.data(), y.data(), scale, gradient.data(), false);
    } else {
      Arrays.fill(gradient.data(), at, at + dim, 0f);
    }
  }

  /**
   * What a mean squared error is divided by before it is compared with another's: the tokens of the
   * batch that count, or 1 if all do.
   */
  static double divisor(boolean[][] counted, int length, int[] samples) {
    int valid = 0;
    for (int s : samples) {
      for (boolean c : counted[s]) {
        valid += c ? 1 : 0;
      }
    }
    return valid == samples.length * length ? 1 : valid;
  }
}
