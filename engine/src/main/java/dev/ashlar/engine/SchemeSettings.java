package dev.ashlar.engine;

import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.FormatSchemes;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.List;
import java.util.Optional;

/** Which layers get which scheme, as far as a {@link Quantization} was told. */
final class SchemeSettings {
  NamedScheme named = NamedScheme.DEFAULT;
  boolean symmetric = true;
  Optional<DType> scaleType = Optional.empty();
  Optional<QuantizationPlan> plan = Optional.empty();
  Optional<AverageBits> average = Optional.empty();

  /** Whether bits or groups were named, be they what holds without that too. */
  private boolean stated;

  /** The format whose types were named as the scheme. */
  Optional<ExportFormat> format = Optional.empty();

  /** Bits and groups, in place of any before. */
  void state(NamedScheme other) {
    named = other;
    stated = true;
  }

  /**
   * Bits and groups, or the types of a format.
   *
   * @throws IllegalArgumentException if there are none of that name
   */
  void name(String name) {
    format = FormatSchemes.named(name);
    if (format.isEmpty()) {
      state(NamedScheme.require(name));
    }
  }

  private DType scales() {
    return scaleType.orElse(DType.F16);
  }

  /** What bits are chosen from for each layer; empty if they are not. */
  Optional<AutomaticBits> automatic() {
    return average.map(a -> a.settled(named, symmetric, scales()));
  }

  /**
   * The format whose types are the scheme, or among what is chosen from; empty if there is none.
   */
  Optional<ExportFormat> format(Optional<AutomaticBits> automatic) {
    return format.or(() -> automatic.flatMap(AutomaticBits::format));
  }

  /** What holds where bits are not chosen. */
  QuantizationPlan plan(Optional<AutomaticBits> automatic) {
    return plan.orElseGet(() -> QuantizationPlan.uniform(one(automatic)));
  }

  private QuantScheme one(Optional<AutomaticBits> automatic) {
    return automatic.map(AutomaticBits::first).orElseGet(() -> named.scheme(symmetric, scales()));
  }

  /**
   * The format from whose types schemes follow; empty if something was said of schemes.
   *
   * @throws IllegalArgumentException if the types of a format were named beside something else
   */
  Optional<ExportFormat> deciding(List<ExportFormat> formats) {
    boolean said =
        stated || !symmetric || scaleType.isPresent() || plan.isPresent() || average.isPresent();
    if (said && format.isPresent()) {
      throw new IllegalArgumentException(
          "scheme "
              + format.get().name()
              + " says all: bits, groupSize, asymmetric, scaleType and plan have no effect beside it");
    }
    return said ? Optional.empty() : FormatSchemes.deciding(formats);
  }
}
