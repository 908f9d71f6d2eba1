package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * AutoRound's own folders (docs/formats.md, auto_round): the layout follows from the schemes, and
 * {@code extra_config} names the layers that differ.
 */
final class AutoRoundFormat extends FolderFormat {
  /** The release whose reader understands what is written here. */
  private static final String COMPATIBLE_VERSION = "0.16.1";

  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry("iters", 200),
          Map.entry("nsamples", 128),
          Map.entry("seqlen", 2048),
          Map.entry("batch_size", 8),
          Map.entry("gradient_accumulate_steps", 1),
          Map.entry("dataset", "NeelNanda/pile-10k"),
          Map.entry("low_gpu_mem_usage", false),
          Map.entry("enable_minmax_tuning", true),
          Map.entry("enable_quanted_input", true),
          Map.entry("scale_dtype", "torch.float16"));

  private static final String NAME = "auto_round";

  private final Optional<PackedLayout> packing;

  /** Folders whose layout follows from the schemes. */
  AutoRoundFormat() {
    this.packing = Optional.empty();
  }

  /** Folders of one layout, which may be unable to hold a plan's schemes. */
  AutoRoundFormat(PackedLayout packing) {
    this.packing = Optional.of(packing);
  }

  @Override
  public String name() {
    return packing.map(AutoRoundFormat::spelled).orElse(NAME);
  }

  /** What the configuration calls a layout. */
  private static String spelled(PackedLayout layout) {
    return layout == Layouts.AWQ
        ? "auto_round:auto_awq"
        : layout == Layouts.GPTQ_V2 ? "auto_round:gptqmodel" : layout.name();
  }

  @Override
  public String description() {
    return "packed, as AutoRound, transformers and vLLM read it";
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    if (plan.base() instanceof FloatGrid && packing.isEmpty()) {
      return SmallFloatFolders.refusal(name(), source, plan);
    }
    return Refusals.of(name(), chosen(source, plan), source, plan);
  }

  private PackedLayout chosen(WeightSource source, ExportPlan plan) {
    return packing.orElseGet(() -> layout(source, plan));
  }

  /** The layout that the plan's schemes call for. */
  static PackedLayout layout(WeightSource source, ExportPlan plan) {
    boolean symmetric = true;
    boolean awq = !plan.reorders();
    IntegerGrid first = null;
    for (Map.Entry<String, QuantScheme> linear : plan.linears().entrySet()) {
      if (linear.getValue() instanceof IntegerGrid scheme) {
        first = first == null ? scheme : first;
        symmetric &= scheme.symmetric();
        awq &= scheme.bits() == 4 && !scheme.symmetric() && scheme.equals(first);
        awq &= Refusals.refusal(Layouts.AWQ, source, linear.getKey(), scheme).isEmpty();
      }
    }
    return symmetric ? Layouts.AUTO_ROUND_GPTQ : awq ? Layouts.AWQ : Layouts.AUTO_ROUND;
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfLoaders(name(), source);
    if (!(plan.base() instanceof FloatGrid)) {
      Refusals.warnOfShortGroups(name(), source, plan);
    }
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    if (plan.base() instanceof FloatGrid) {
      return SmallFloatFolders.style(name(), COMPATIBLE_VERSION);
    }
    PackedLayout layout = chosen(source, plan);
    return new FolderExport.Style(
        name(),
        layout,
        null,
        Map.of("quantization_config.json", UnaryOperator.identity()),
        layers -> config(spelled(layout), layers));
  }

  /** What the configuration says; {@code packing} is what it calls the layout. */
  static Map<String, Object> config(String packing, WrittenLayers layers) {
    IntegerGrid base = layers.plan().grid();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("bits", base.bits());
    config.put("data_type", "int");
    config.put("group_size", base.groupSize());
    config.put("sym", base.symmetric());
    if (base.activations().isPresent()) {
      config.putAll(WrittenLayers.inputs(base));
    }
    if (base.scaleType() == DType.F32) {
      config.put("scale_dtype", "torch.float32");
    }
    layers
        .plan()
        .settings()
        .forEach(
            (key, value) -> {
              if (value != null && !value.equals(DEFAULTS.get(key))) {
                config.putIfAbsent(key, value);
              }
            });
    config.put("autoround_version", COMPATIBLE_VERSION);
    config.put("provider", Producer.NAME);
    if (!layers.blockLists().isEmpty()) {
      config.put("block_name_to_quantize", String.join(",", layers.blockLists()));
    }
    config.put("quant_method", "auto-round");
    config.put("packing_format", packing);
    Map<String, Object> extra = extraConfig(layers);
    if (!extra.isEmpty()) {
      config.put("extra_config", extra);
    }
    return config;
  }

  private static Map<String, Object> extraConfig(WrittenLayers layers) {
    Map<String, Object> extra = new LinkedHashMap<>();
    for (String module : layers.floatsInBlocks()) {
      extra.put(module, Map.of("bits", QuantScheme.FLOAT_BITS));
    }
    layers
        .packed()
        .forEach(
            (module, scheme) -> {
              Map<String, Object> keys = layers.difference(scheme);
              if (!WrittenLayers.inBlock(module)) {
                keys = new LinkedHashMap<>();
                keys.put("bits", scheme.bits());
                keys.put("group_size", scheme.groupSize());
                keys.put("sym", scheme.symmetric());
                keys.put("data_type", "int");
                keys.putAll(WrittenLayers.inputs(scheme));
              }
              if (!keys.isEmpty()) {
                extra.put(module, keys);
              }
            });
    return extra;
  }
}
