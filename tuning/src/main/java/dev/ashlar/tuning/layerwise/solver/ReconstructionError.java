package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;

/** By how much the outputs of a layer differ from those of its float weights. */
public final class ReconstructionError {
  private ReconstructionError() {}

  /**
   * {@code ‖(W−Ŵ)Xᵀ‖² / ‖WXᵀ‖²}, 0 if the outputs are zero (QuantEase, arXiv 2309.01885, section
   * 4).
   *
   * @param w W {@code [out, in]}
   * @param approximation Ŵ likewise
   * @param moments Σ, or a multiple of it
   */
  public static double relative(
      Tensor w, Tensor approximation, Symmetric moments, Backend backend) {
    float[] sigma = moments.floats();
    float[] difference = new float[w.size()];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = w.data()[i] - approximation.data()[i];
    }
    double off = energy(difference, sigma, moments.dim(), backend);
    double all = energy(w.data(), sigma, moments.dim(), backend);
    return off == 0 && all == 0 ? 0 : off / all;
  }

  /**
   * {@code tr(E·Σ·Eᵀ)}: by how much outputs are off all in all; no token is looked at again. Rows
   * go up to 256 at a time and are added in order.
   *
   * @param e E {@code [out, in]}
   * @param sigma {@code [in, in]}
   */
  public static double energy(float[] e, float[] sigma, int in, Backend backend) {
    int out = e.length / in;
    int most = Math.min(out, 256);
    float[] product = new float[Math.multiplyExact(most, in)];
    double[] parts = new double[out];
    for (int first = 0; first < out; first += most) {
      int rows = Math.min(most, out - first);
      int at = first * in;
      int start = first;
      backend.matMul().xw(rows, in, in, e, at, in, sigma, 0, in, product, 0, in, false);
      Parallel.rows(
          rows,
          8,
          (from, to) -> {
            for (int r = from; r < to; r++) {
              double sum = 0;
              for (int k = 0; k < in; k++) {
                sum += (double) e[at + r * in + k] * product[r * in + k];
              }
              parts[start + r] = sum;
            }
          });
    }
    double sum = 0;
    for (double part : parts) {
      sum += part;
    }
    return sum;
  }
}
