package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.ActivationScales;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * AutoAWQ's folders (docs/formats.md, AWQ): 4 bits in one grid for all layers, float tensors in
 * F16, and a list of the layers that stay float.
 */
final class AutoAwqFormat extends FolderFormat {
  private static final String NAME = "auto_awq";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "packed, 4 bits only, as GPTQModel, vLLM and other readers of AutoAWQ's files want it";
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    return Refusals.ofRoundedInputs(NAME, plan)
        .or(() -> Refusals.of(NAME, Layouts.AWQ, source, plan))
        .or(() -> Refusals.ofSeveralSchemes(NAME, plan))
        .or(() -> Refusals.ofHeads(NAME, plan));
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfLoaders(NAME, source);
    Refusals.warnOfTurned(NAME, plan);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    Object type = source.config().get("model_type");
    return new FolderExport.Style(
        NAME,
        any -> Layouts.AWQ,
        DType.F16,
        Map.of("quantization_config.json", UnaryOperator.identity()),
        AutoAwqFormat::config,
        (module, tensor) -> ActivationScales.of(type, module, tensor));
  }

  private static Map<String, Object> config(WrittenLayers layers) {
    IntegerGrid base = layers.plan().grid();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", "awq");
    config.put("bits", base.bits());
    config.put("data_type", "int");
    config.put("group_size", base.groupSize());
    config.put("sym", base.symmetric());
    config.put("zero_point", !base.symmetric());
    config.put("version", "gemm");
    config.put("modules_to_not_convert", layers.floats());
    // What GPTQModel goes by, which does not look at that list.
    Map<String, Object> rules = AutoGptqFormat.floats(layers);
    if (!rules.isEmpty()) {
      config.put("dynamic", rules);
    }
    config.put("provider", Producer.NAME);
    config.put(Producer.NAME, Producer.record(layers.plan()));
    if (!layers.blockLists().isEmpty()) {
      config.put("to_quant_block_names", String.join(",", layers.blockLists()));
    }
    return config;
  }
}
