package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/**
 * One linear map that a method is to quantize.
 *
 * @param name complete module name
 * @param weight {@code [out, in]}, not to be changed
 * @param scheme what the codes shall mean
 * @param previous the codes of the round before, for methods that go over a unit several times
 * @param backend what computes its codes
 */
public record LinearLayer(
    String name,
    Tensor weight,
    QuantScheme scheme,
    Optional<QuantizedMatrix> previous,
    Backend backend) {
  /** A layer that has no codes yet, on the backend of this process. */
  public LinearLayer(String name, Tensor weight, QuantScheme scheme) {
    this(name, weight, scheme, Optional.empty(), Backends.chosen());
  }

  /** The same layer with other weights {@code [out, in]}. */
  public LinearLayer withWeight(Tensor other) {
    return new LinearLayer(name, other, scheme, previous, backend);
  }

  /**
   * The scheme of the weights as an integer grid.
   *
   * @throws IllegalArgumentException if it is none
   */
  public IntegerGrid grid() {
    return scheme.integerWeights(name + ": this method");
  }

  public int out() {
    return weight.dim(0);
  }

  public int in() {
    return weight.dim(1);
  }
}
