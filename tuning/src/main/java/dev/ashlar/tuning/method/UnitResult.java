package dev.ashlar.tuning.method;

import dev.ashlar.tensor.quant.QuantizedTensor;
import java.util.Map;
import java.util.Optional;

/**
 * A finished unit.
 *
 * @param layers codes by complete module name, in the unit's order
 * @param history how the tuning went, for methods that tune
 */
public record UnitResult(Map<String, QuantizedTensor> layers, Optional<TuningHistory> history) {
  /** A result of a method that does not iterate. */
  public static UnitResult of(Map<String, QuantizedTensor> layers) {
    return new UnitResult(layers, Optional.empty());
  }
}
