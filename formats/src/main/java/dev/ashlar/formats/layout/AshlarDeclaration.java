package dev.ashlar.formats.layout;

/**
 * {@code quant_method: ashlar} (docs/formats.md, ashlar): the keys of AutoRound's configuration,
 * with one layout.
 */
final class AshlarDeclaration implements Declaration {
  @Override
  public String method() {
    return "ashlar";
  }

  @Override
  public PackedPlan plan(QuantizationConfig config) {
    String format = config.text("packing_format").orElse(method());
    if (!format.equals(method())) {
      throw config.fault("packing_format", method(), format);
    }
    return new RuledPlan(Layouts.ASHLAR, AutoRoundDeclaration.rules(config));
  }
}
