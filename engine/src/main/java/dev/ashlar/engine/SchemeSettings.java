package dev.ashlar.engine;

import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.Optional;

/** Which layers get which scheme, as far as a {@link Quantization} was told. */
final class SchemeSettings {
  NamedScheme named = NamedScheme.DEFAULT;
  boolean symmetric = true;
  DType scaleType = DType.F16;
  Optional<QuantizationPlan> plan = Optional.empty();
  Optional<AverageBits> average = Optional.empty();

  /** What bits are chosen from for each layer; empty if they are not. */
  Optional<AutomaticBits> automatic() {
    return average.map(a -> a.settled(named, symmetric, scaleType));
  }

  /** What holds where bits are not chosen. */
  QuantizationPlan plan(Optional<AutomaticBits> automatic) {
    return plan.orElseGet(() -> QuantizationPlan.uniform(one(automatic)));
  }

  private QuantScheme one(Optional<AutomaticBits> automatic) {
    return automatic.map(AutomaticBits::first).orElseGet(() -> named.scheme(symmetric, scaleType));
  }
}
