package dev.ashlar.formats.layout;

import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.Unquantized;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code quant_method: gptq} (docs/formats.md, GPTQ): {@code checkpoint_format} says which zero
 * convention holds, {@code dynamic} overrides or excludes modules by regular expression.
 */
final class GptqDeclaration implements Declaration {
  private static final Pattern IN_BLOCK = Pattern.compile("^.*?\\.\\d+\\.(.+)$");

  @Override
  public String method() {
    return "gptq";
  }

  @Override
  public PackedPlan plan(QuantizationConfig config) {
    String format = config.text("checkpoint_format", "format").orElse("gptq");
    PackedLayout layout =
        switch (format) {
          case "gptq" -> Layouts.GPTQ;
          case "gptq_v2" -> Layouts.GPTQ_V2;
          default -> throw config.fault("checkpoint_format", "gptq or gptq_v2", format);
        };
    if (config.flag("is_marlin_format").orElse(false)) {
      throw config.fault("is_marlin_format", "false", "true");
    }
    String words = config.text("pack_dtype").orElse("int32");
    if (!words.equals("int32")) {
      throw config.fault("pack_dtype", "int32", words);
    }
    config.flag("desc_act");
    LayerRules rules = new LayerRules(config.scheme());
    dynamic(config, rules);
    leftOut(config, rules);
    return new RuledPlan(layout, rules);
  }

  private static void dynamic(QuantizationConfig config, LayerRules rules) {
    for (Map.Entry<String, Object> entry : config.object("dynamic").entrySet()) {
      String spelled = entry.getKey();
      String key = "dynamic." + spelled;
      if (!(entry.getValue() instanceof Map<?, ?>)) {
        throw config.fault(key, "an object", Json.describe(entry.getValue()));
      }
      boolean excluded = spelled.startsWith("-:");
      String expression = excluded || spelled.startsWith("+:") ? spelled.substring(2) : spelled;
      NamePattern pattern = new NamePattern(config, key, expression);
      QuantizationConfig own =
          new QuantizationConfig(config.file(), config.object("dynamic", spelled));
      rules.pattern(pattern::matchesStart, excluded ? Unquantized::new : () -> own.over(config));
    }
  }

  private static void leftOut(QuantizationConfig config, LayerRules rules) {
    Set<String> listed = new HashSet<>(config.names("modules_in_block_to_quantize"));
    if (!listed.isEmpty()) {
      rules.leaveFloat(
          module -> {
            Matcher inBlock = IN_BLOCK.matcher(module);
            return inBlock.matches() && !listed.contains(inBlock.group(1));
          });
    }
    if (!config.flag("lm_head").orElse(false)) {
      rules.leaveFloat(module -> module.equals("lm_head") || module.endsWith(".lm_head"));
    }
  }
}
