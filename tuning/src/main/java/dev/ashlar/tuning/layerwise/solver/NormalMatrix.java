package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;

/**
 * Second moments as coordinate descent wants them (QuantEase, arXiv 2309.01885, section 3.2):
 * {@code N[k, j] = Σ[k, j] / Σ[j, j]} with zeros on the diagonal and in dead columns, in float,
 * columns in the order in which they are worked on.
 *
 * <p>With the residual {@code E = W − Ŵ}, {@code (E·N)[i, j]} is how far the best value of {@code
 * Ŵ[i, j]} is from {@code W[i, j]}, the others being given.
 */
public final class NormalMatrix {
  private static final int GRAIN = 1 << 14;

  private final int[] order;
  private final double[] diagonal;
  private final float[] values;

  /**
   * @param moments Σ, or a multiple of it, in original order; not kept
   * @param order the original column at each position, {@code [in]}
   */
  public NormalMatrix(Symmetric moments, int[] order) {
    int n = moments.dim();
    this.order = order.clone();
    this.diagonal = new double[n];
    this.values = new float[Math.multiplyExact(n, n)];
    for (int i = 0; i < n; i++) {
      diagonal[i] = moments.at(order[i], order[i]);
    }
    Parallel.rows(
        n,
        Math.max(1, GRAIN / n),
        (from, to) -> {
          for (int k = from; k < to; k++) {
            for (int j = 0; j < n; j++) {
              values[k * n + j] =
                  j == k || diagonal[j] == 0
                      ? 0
                      : (float) (moments.at(order[k], order[j]) / diagonal[j]);
            }
          }
        });
  }

  public int dim() {
    return order.length;
  }

  /** The original column at a position. */
  public int column(int position) {
    return order[position];
  }

  /** {@code Σ[j, j]} of the column at a position. */
  public double diagonal(int position) {
    return diagonal[position];
  }

  /** Whether the input at a position was never other than zero. */
  public boolean isDead(int position) {
    return diagonal[position] == 0;
  }

  /** The live N {@code [in, in]} by rows. */
  float[] values() {
    return values;
  }
}
