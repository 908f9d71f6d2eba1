package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/**
 * Products with packed weight matrices that never materialise the float matrix. The kernel splits
 * its own work over {@code Parallel}.
 */
public interface PackedKernel {
  /** Repacks codes into the layout this backend's product wants; the argument is not kept. */
  PackedMatrix pack(QuantizedMatrix matrix);

  /**
   * {@code y[m, out] = x[m, in] · wᵀ}.
   *
   * @param w a matrix that this backend packed
   * @param activations whether {@code x} is taken exactly or rounded on the way; it is not changed
   */
  void multiply(
      int m,
      float[] x,
      int xOff,
      PackedMatrix w,
      ActivationPrecision activations,
      float[] y,
      int yOff);

  /** As above, by the activations as they are. */
  default void multiply(int m, float[] x, int xOff, PackedMatrix w, float[] y, int yOff) {
    multiply(m, x, xOff, w, ActivationPrecision.FLOAT, y, yOff);
  }
}
