package dev.ashlar.formats.export;

import dev.ashlar.formats.layout.SmallFloatLayout;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** AutoRound's folders of small floats (docs/formats.md, Small floats). */
final class SmallFloatFolders {
  private static final SmallFloatLayout LAYOUT = new SmallFloatLayout();

  private SmallFloatFolders() {}

  /** Why the plan cannot be written, in one sentence, or empty if it can. */
  static Optional<String> refusal(String format, WeightSource source, ExportPlan plan) {
    for (Map.Entry<String, QuantScheme> linear : plan.linears().entrySet()) {
      QuantScheme scheme = linear.getValue();
      if (scheme.isFloat()) {
        continue;
      }
      if (!scheme.equals(plan.base())) {
        return Optional.of(
            "format "
                + format
                + " holds one kind of small floats in a folder, and "
                + linear.getKey()
                + " is to be "
                + scheme);
      }
      if (FolderExport.isHead(linear.getKey()) && ModelConfig.tied(source)) {
        return Optional.of(
            format + " cannot quantize " + linear.getKey() + ": it is tied to the embedding");
      }
      Optional<Shape> shape =
          source.find(linear.getKey() + ".weight").map(t -> t.shape()).filter(s -> s.rank() == 2);
      int out = shape.map(s -> (int) s.dim(0)).orElse(32);
      int in = shape.map(s -> (int) s.dim(1)).orElse(32);
      Optional<String> refusal = LAYOUT.refusal(out, in, scheme);
      if (refusal.isPresent()) {
        return Optional.of("format " + format + " " + refusal.get() + " (" + linear.getKey() + ")");
      }
    }
    return Optional.empty();
  }

  static FolderExport.Style style(String format, String version) {
    return new FolderExport.Style(
        format,
        LAYOUT,
        null,
        Map.of("quantization_config.json", UnaryOperator.identity()),
        layers -> config(version, layers));
  }

  private static Map<String, Object> config(String version, WrittenLayers layers) {
    FloatGrid grid = (FloatGrid) layers.plan().base();
    boolean micro = grid.scale() == FloatGrid.Scale.E8M0;
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", grid.element().bits());
    config.put("data_type", micro ? "mx_fp" : "fp");
    config.put("group_size", grid.blockSize());
    config.put("sym", true);
    if (!micro) {
      config.put("fmt", grid.element() == FloatFormat.E4M3 ? "e4m3" : "e5m2");
    }
    config.putAll(inputs(grid));
    layers.plan().settings().forEach(config::putIfAbsent);
    config.put("autoround_version", version);
    config.put("provider", Producer.NAME);
    if (!layers.blockLists().isEmpty()) {
      config.put("block_name_to_quantize", String.join(",", layers.blockLists()));
    }
    config.put("quant_method", "auto-round");
    if (micro) {
      config.put("packing_format", LAYOUT.name());
    }
    Map<String, Object> extra = new LinkedHashMap<>();
    layers.floatsInBlocks().forEach(m -> extra.put(m, Map.of("bits", QuantScheme.FLOAT_BITS)));
    if (!extra.isEmpty()) {
      config.put("extra_config", extra);
    }
    return config;
  }

  private static Map<String, Object> inputs(FloatGrid grid) {
    Map<String, Object> keys = new LinkedHashMap<>();
    Optional<ActivationScheme> inputs = grid.activations();
    keys.put("act_bits", inputs.map(a -> a.element().bits()).orElse(QuantScheme.FLOAT_BITS));
    inputs.ifPresent(
        a -> {
          keys.put("act_data_type", grid.scale() == FloatGrid.Scale.E8M0 ? "mx_fp" : "fp8");
          keys.put("act_group_size", a.groupSize());
          keys.put("act_sym", true);
          keys.put("act_dynamic", a.dynamic());
        });
    return keys;
  }
}
