package dev.ashlar.tuning.plan;

import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The parts of a scheme that a rule sets; what is empty is taken from the default.
 *
 * @param bits code width; 16 leaves the layer float
 * @param groupSize inputs per group, or -1 for one group per row
 * @param symmetric whether the zero point is fixed at the middle
 */
public record SchemeOverride(OptionalInt bits, OptionalInt groupSize, Optional<Boolean> symmetric) {
  /** An override of the code width alone. */
  public static SchemeOverride bits(int bits) {
    return new SchemeOverride(OptionalInt.of(bits), OptionalInt.empty(), Optional.empty());
  }

  /** {@code base} with this rule's parts in place of its own. */
  public QuantScheme over(QuantScheme base) {
    return new QuantScheme(
        bits.orElse(base.bits()),
        groupSize.orElse(base.groupSize()),
        symmetric.orElse(base.symmetric()),
        base.scaleType());
  }
}
