package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.layout.SmallFloatLayout;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
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
                + scheme
                + "; llm_compressor takes several kinds");
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
    boolean plain = grid.scale() == FloatGrid.Scale.F32;
    boolean tiles = grid.blockRows() > 1;
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", grid.element().bits());
    config.put("data_type", type(grid.scale(), "fp"));
    List<Integer> tile = List.of(grid.blockRows(), grid.blockSize());
    config.put("group_size", tiles ? tile : grid.blockSize());
    config.put("sym", true);
    if (plain) {
      config.put("fmt", grid.element() == FloatFormat.E4M3 ? "e4m3" : "e5m2");
    }
    if (tiles) {
      config.put("weight_block_size", tile);
    }
    config.putAll(inputs(grid));
    layers.plan().settings().forEach(config::putIfAbsent);
    config.put("autoround_version", version);
    config.put("provider", Producer.NAME);
    if (!layers.blockLists().isEmpty()) {
      config.put("block_name_to_quantize", String.join(",", layers.blockLists()));
    }
    config.put("quant_method", "auto-round");
    boolean fixed = grid.activations().filter(a -> !a.dynamic()).isPresent();
    if (!plain) {
      config.put("packing_format", LAYOUT.name());
    } else if (fixed) {
      config.put("packing_format", "auto_round:fp8_static");
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
          keys.put(
              "act_data_type",
              grid.hasGlobal() ? "nv_fp4_with_static_gs" : type(grid.scale(), "fp8"));
          keys.put("act_group_size", a.groupSize());
          keys.put("act_sym", true);
          keys.put("act_dynamic", a.dynamic());
          if (grid.scale() == FloatGrid.Scale.F32) {
            keys.put("activation_scheme", a.dynamic() ? "dynamic" : "static");
          }
        });
    return keys;
  }

  /** AutoRound's name of the kind of numbers, given that of floats beside plain scales. */
  private static String type(FloatGrid.Scale scale, String plain) {
    return switch (scale) {
      case E8M0 -> "mx_fp";
      case E4M3 -> "nv_fp";
      case F32, F16, BF16 -> plain;
    };
  }
}
