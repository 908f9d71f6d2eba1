package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.formats.layout.SmallFloatLayout;
import dev.ashlar.tensor.quant.ActivationScheme.Element.Integers;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * compressed-tensors' folders (docs/formats.md, compressed-tensors), which LLM Compressor and
 * AutoRound write: integers of any width, bytes and small floats, with how inputs are rounded.
 */
final class LlmCompressorFormat extends FolderFormat {
  private static final String NAME = "llm_compressor";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "packed, as compressed-tensors, transformers and vLLM read it; small floats too";
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    if (!(plan.base() instanceof FloatGrid grid)) {
      return Refusals.of(NAME, layout(plan.base()), source, plan)
          .or(() -> ofMixedInputs(plan))
          .or(() -> ofInputs(plan.base()));
    }
    if (grid.element() == FloatFormat.E5M2) {
      return Optional.of("format " + NAME + " holds FP8 as E4M3 only, not E5M2");
    }
    return SmallFloatFolders.refusal(NAME, source, plan);
  }

  /**
   * Layers with rounded inputs lie in bytes, others in bit streams, and a folder has one layout.
   */
  private static Optional<String> ofMixedInputs(ExportPlan plan) {
    boolean rounded = plan.base().activations().isPresent();
    return plan.linears().entrySet().stream()
        .filter(e -> !e.getValue().isFloat())
        .filter(e -> e.getValue().activations().isPresent() != rounded)
        .findFirst()
        .map(
            e ->
                "format "
                    + NAME
                    + " rounds the inputs of all layers or of none, and "
                    + e.getKey()
                    + " is to be "
                    + e.getValue()
                    + " beside "
                    + plan.base());
  }

  /** A fixed scale of integers has no zero point beside it here. */
  private static Optional<String> ofInputs(QuantScheme base) {
    return base.activations()
        .filter(a -> !a.dynamic() && a.element() instanceof Integers i && !i.symmetric())
        .map(a -> "format " + NAME + " cannot say that inputs are rounded so: " + a);
  }

  private static PackedLayout layout(QuantScheme base) {
    if (base instanceof FloatGrid grid) {
      return SmallFloatLayout.compressed(CompressedTensorsConfig.format(grid));
    }
    return base.activations().isPresent() ? Layouts.INT_QUANTIZED : Layouts.PACK_QUANTIZED;
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfLoaders(NAME, source);
    Refusals.warnOfTurned(NAME, plan);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return new FolderExport.Style(
        NAME,
        layout(plan.base()),
        null,
        Map.of("quantization_config.json", UnaryOperator.identity()),
        CompressedTensorsConfig::of);
  }
}
