package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.layout.CompressedLayouts;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.tensor.quant.ActivationScheme.Element.Integers;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * compressed-tensors' folders (docs/formats.md, compressed-tensors), which LLM Compressor and
 * AutoRound write: integers of any width, bytes and small floats, with how inputs are rounded; each
 * layer in the layout of its own scheme.
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

  /** transformers converts packed experts from the names of the family's own files. */
  @Override
  public boolean knowsPublishedNames() {
    return true;
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    boolean integers = plan.linears().values().stream().anyMatch(IntegerGrid.class::isInstance);
    return ofKind(plan.base())
        .map(reason -> "format " + NAME + " " + reason)
        .or(
            () ->
                integers
                    ? Refusals.ofReordering(NAME, Layouts.PACK_QUANTIZED, plan)
                    : Optional.empty())
        .or(
            () ->
                plan.linears().entrySet().stream()
                    .filter(e -> !e.getValue().isFloat())
                    .flatMap(e -> ofLayer(source, e.getKey(), e.getValue()).stream())
                    .findFirst());
  }

  /** Neither integers nor small floats: what no layout here has. */
  private static Optional<String> ofKind(QuantScheme scheme) {
    return scheme instanceof FloatGrid ? Optional.empty() : scheme.beyondIntegerWeights();
  }

  /** Why a layer cannot have that scheme. */
  private static Optional<String> ofLayer(WeightSource source, String module, QuantScheme scheme) {
    if (FolderExport.isHead(module) && ModelConfig.tied(source)) {
      return Optional.of(NAME + " cannot quantize " + module + ": it is tied to the embedding");
    }
    return ofScheme(scheme)
        .or(() -> Refusals.refusal(CompressedLayouts.of(scheme), source, module, scheme))
        .map(reason -> "format " + NAME + " " + reason + " (" + module + ")");
  }

  private static Optional<String> ofScheme(QuantScheme scheme) {
    if (scheme instanceof FloatGrid grid) {
      return grid.element() == FloatFormat.E5M2
          ? Optional.of("holds FP8 as E4M3 only, not E5M2")
          : Optional.empty();
    }
    // A fixed scale of integers has no zero point beside it here.
    return scheme
        .activations()
        .filter(a -> !a.dynamic() && a.element() instanceof Integers i && !i.symmetric())
        .map(a -> "cannot say that inputs are rounded so: " + a);
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfLoadersAndExperts(NAME, source);
    Refusals.warnOfTurned(NAME, plan);
    Refusals.warnOfJoined(NAME, plan);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return new FolderExport.Style(
        NAME,
        matrix -> CompressedLayouts.of(matrix.described().orElse(plan.base())),
        null,
        Map.of("quantization_config.json", UnaryOperator.identity()),
        CompressedTensorsConfig::of);
  }
}
