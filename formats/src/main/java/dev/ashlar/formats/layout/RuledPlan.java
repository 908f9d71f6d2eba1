package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Set;

/** One layout and a set of rules: what declarations of the GPTQ and AWQ families come to. */
record RuledPlan(PackedLayout layout, LayerRules rules) implements PackedPlan {
  @Override
  public List<PackedLayout> layouts() {
    return List.of(layout);
  }

  @Override
  public PackedLayout layout(String module) {
    return layout;
  }

  @Override
  public QuantScheme scheme(String module) {
    return rules.scheme(module);
  }

  @Override
  public QuantScheme baseScheme() {
    return rules.base();
  }

  @Override
  public Set<String> named() {
    return rules.named();
  }
}
