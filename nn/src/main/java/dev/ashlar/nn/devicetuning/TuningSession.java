package dev.ashlar.nn.devicetuning;

import dev.ashlar.tensor.kernel.FakeQuantKernel;
import java.util.Map;

/**
 * A block that lies on a device and is tuned there. The parameters are V and the multipliers of the
 * ranges of each matrix; the gradients are those of its quantized weights.
 *
 * <p>Used by one thread. Closing frees the device's memory.
 */
public interface TuningSession extends AutoCloseable {
  /** What becomes of the gradients of a run. */
  enum Gradients {
    /** None are wanted; those of earlier runs stay as they are. */
    NONE,
    /** They take the place of earlier ones. */
    WRITE,
    /** They are added to earlier ones. */
    ADD
  }

  /**
   * {@code Σ (p − y)²} over the positions that count, with what the present parameters make of the
   * weights.
   *
   * @param samples at most as many as the job's {@code micro}
   * @param scale of the gradients, which are {@code scale · ∂/∂ŵ} of that sum
   * @throws dev.ashlar.nn.device.DeviceException if the device fails
   */
  double squaredError(int[] samples, Gradients gradients, float scale);

  /** Keeps the present parameters in place of those that were kept before. */
  void keep();

  /** Steps all parameters down the signs of their gradients, by the steps of {@code iteration}. */
  void step(int iteration);

  /**
   * What was kept, by the job's names; at the beginning the parameters that were begun with.
   *
   * @return parameters whose V and multipliers are new arrays and never null
   * @throws dev.ashlar.nn.device.DeviceException if the device fails
   */
  Map<String, FakeQuantKernel.Parameters> kept();

  @Override
  void close();
}
