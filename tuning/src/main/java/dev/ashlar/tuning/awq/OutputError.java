package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;

/**
 * How far the outputs of a linear map are off: {@code E‖Δw·x‖²} of all tokens is {@code Σ_rows δ M
 * δᵀ} with the second moments M of the input, so that no token is looked at again.
 */
final class OutputError {
  private static final int GRAIN = 1 << 12;

  private OutputError() {}

  /**
   * @param delta rows {@code δ [out, in]}
   * @param moments {@code [in, in]}
   * @return the sum over rows, in order
   */
  static double of(int out, int in, float[] delta, float[] moments, Backend backend) {
    float[] product = new float[out * in];
    backend.matMul().xw(out, in, in, delta, 0, in, moments, 0, in, product, 0, in, false);
    double[] rows = new double[out];
    Parallel.rows(
        out,
        Math.max(1, GRAIN / in),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            double sum = 0;
            for (int k = r * in; k < (r + 1) * in; k++) {
              sum += (double) delta[k] * product[k];
            }
            rows[r] = sum;
          }
        });
    double sum = 0;
    for (double row : rows) {
      sum += row;
    }
    return sum;
  }
}
