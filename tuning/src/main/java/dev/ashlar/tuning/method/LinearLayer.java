package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;

/**
 * One linear map that a method is to quantize.
 *
 * @param name complete module name
 * @param weight {@code [out, in]}, not to be changed
 * @param scheme what the codes shall mean
 */
public record LinearLayer(String name, Tensor weight, QuantScheme scheme) {
  public int out() {
    return weight.dim(0);
  }

  public int in() {
    return weight.dim(1);
  }
}
