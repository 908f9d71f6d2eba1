package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Locale;

/**
 * {@code quant_method: awq} (docs/formats.md, AWQ): 4 bits, {@code zero_point} = asymmetric, {@code
 * modules_to_not_convert} matched by substring as the loaders do.
 */
final class AwqDeclaration implements Declaration {
  @Override
  public String method() {
    return "awq";
  }

  @Override
  public PackedPlan plan(QuantizationConfig config) {
    String version = config.text("version", "format").orElse("gemm");
    if (!version.toLowerCase(Locale.ROOT).equals("gemm")) {
      throw config.fault("version", "gemm", version);
    }
    LayerRules rules = new LayerRules(config.scheme());
    int bits = rules.base() instanceof IntegerGrid grid ? grid.bits() : QuantScheme.FLOAT_BITS;
    if (bits != 4) {
      throw config.fault("bits", "4", Integer.toString(bits));
    }
    List<String> excluded = config.names("modules_to_not_convert");
    rules.leaveFloat(module -> excluded.stream().anyMatch(module::contains));
    rules.leaveFloat(module -> module.equals("lm_head"));
    return new RuledPlan(Layouts.AWQ, rules);
  }
}
