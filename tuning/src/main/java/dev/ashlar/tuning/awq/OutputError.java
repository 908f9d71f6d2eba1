package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Tensor;
import java.util.Map;

/** By how much outputs are off where some linear maps have other weights. */
@FunctionalInterface
interface OutputError {
  /**
   * The sum of squares over the tokens that are looked at, or a multiple of it.
   *
   * @param weights {@code [out, in]} by complete module name; all other maps are as they were
   */
  double of(Map<String, Tensor> weights);
}
