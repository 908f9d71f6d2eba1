package dev.ashlar.formats.layout;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.Map;
import java.util.function.Supplier;

/**
 * {@code quant_method: auto-round} (docs/formats.md, auto_round): {@code packing_format}, of old
 * {@code backend}, names the layout; {@code extra_config} overrides the scheme by module name or
 * regular expression.
 */
final class AutoRoundDeclaration implements Declaration {
  @Override
  public String method() {
    return "auto-round";
  }

  @Override
  public boolean reads(String method) {
    return method.equals("auto-round")
        || method.equals("intel/auto-round")
        || method.equals("auto_round");
  }

  @Override
  public PackedPlan plan(QuantizationConfig config) {
    return new RuledPlan(layout(config), rules(config));
  }

  /** The schemes that the configuration's keys spell. */
  static LayerRules rules(QuantizationConfig config) {
    LayerRules rules = new LayerRules(config.scheme());
    for (Map.Entry<String, Object> entry : config.object("extra_config").entrySet()) {
      String name = entry.getKey();
      String key = "extra_config." + name;
      if (!(entry.getValue() instanceof Map<?, ?>)) {
        throw config.fault(key, "an object", Json.describe(entry.getValue()));
      }
      QuantizationConfig own =
          new QuantizationConfig(config.file(), config.object("extra_config", name));
      Supplier<QuantScheme> scheme = () -> own.over(config);
      if (NamePattern.isPlainName(name)) {
        rules.exact(name, scheme);
      } else {
        rules.pattern(new NamePattern(config, key, name)::matchesAll, scheme);
      }
    }
    return rules;
  }

  private static PackedLayout layout(QuantizationConfig config) {
    String format = config.text("packing_format", "backend").orElse("auto_round");
    if (format.contains("awq")) {
      return Layouts.AWQ;
    }
    if (format.contains("gptqmodel")) {
      return Layouts.GPTQ_V2;
    }
    if (format.contains("gptq")) {
      return Layouts.AUTO_ROUND_GPTQ;
    }
    if (format.equals("auto_round") || format.equals("auto") || format.equals("auto_round:auto")) {
      return Layouts.AUTO_ROUND;
    }
    throw config.fault("packing_format", "auto_round, or a format named after gptq or awq", format);
  }
}
