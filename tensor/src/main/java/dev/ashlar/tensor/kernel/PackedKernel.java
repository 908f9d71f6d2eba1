package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.quant.AffineGroups;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedTensor;

/**
 * Products with packed weight matrices that never materialise the float matrix. The kernel splits
 * its own work over {@code Parallel}.
 */
public interface PackedKernel {
  /** Repacks codes into the layout this backend's product wants; the argument is not kept. */
  PackedMatrix pack(QuantizedTensor tensor);

  /** As above, for codes with minimums in place of zero points. */
  PackedMatrix pack(AffineGroups groups);

  /**
   * {@code y[m, out] = x[m, in] · wᵀ}.
   *
   * @param w a matrix that this backend packed
   */
  void multiply(int m, float[] x, int xOff, PackedMatrix w, float[] y, int yOff);
}
