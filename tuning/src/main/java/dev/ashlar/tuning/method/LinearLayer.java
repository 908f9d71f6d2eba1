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
 * @param range the largest magnitude among its weights and those of the layers that share the float
 *     beside their FP8 scales with it; 0 where the scheme has none, or for its own
 */
public record LinearLayer(
    String name,
    Tensor weight,
    QuantScheme scheme,
    Optional<QuantizedMatrix> previous,
    Backend backend,
    float range) {
  /** A layer that has no codes yet and shares no float with others. */
  public LinearLayer(String name, Tensor weight, QuantScheme scheme, Backend backend) {
    this(name, weight, scheme, Optional.empty(), backend, 0);
  }

  /** A layer that has no codes yet, on the backend of this process. */
  public LinearLayer(String name, Tensor weight, QuantScheme scheme) {
    this(name, weight, scheme, Backends.chosen());
  }

  /** The same layer with codes of an earlier round. */
  public LinearLayer withPrevious(Optional<QuantizedMatrix> codes) {
    return new LinearLayer(name, weight, scheme, codes, backend, range);
  }

  /** The same layer with other weights {@code [out, in]}. */
  public LinearLayer withWeight(Tensor other) {
    return new LinearLayer(name, other, scheme, previous, backend, range);
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
