package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.SmallFloatLayout;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * FP8 in tiles as DeepSeek-V3 is published (docs/formats.md, FP8 blocks), with inputs that are
 * rounded by groups as long as tiles.
 */
final class Fp8Format extends FolderFormat {
  private static final String NAME = "fp8";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "FP8 in tiles (FP8_BLOCK), as DeepSeek's files are; transformers and vLLM read it";
  }

  /** Tiles are widened or run under the names of the family's own files. */
  @Override
  public boolean knowsPublishedNames() {
    return true;
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    boolean tiles =
        plan.base() instanceof FloatGrid grid
            && grid.blockRows() > 1
            && grid.element() == FloatFormat.E4M3;
    if (!tiles) {
      return Optional.of(
          "format "
              + NAME
              + " holds FP8 in tiles only, which is scheme FP8_BLOCK, not "
              + plan.base());
    }
    if (plan.base().activations().isEmpty()) {
      return Optional.of(
          "format "
              + NAME
              + " says that inputs are rounded too, and those of "
              + plan.base()
              + " are not; auto_round and llm_compressor can");
    }
    return Refusals.ofTurned(NAME, plan).or(() -> SmallFloatFolders.refusal(NAME, source, plan));
  }

  @Override
  void warn(Checkpoint source, ExportPlan plan) {
    Refusals.warnOfLoadersAndExperts(NAME, source);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return new FolderExport.Style(NAME, SmallFloatLayout.fp8(), null, Map.of(), Fp8Format::config);
  }

  private static Map<String, Object> config(WrittenLayers layers) {
    FloatGrid grid = (FloatGrid) layers.plan().base();
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", NAME);
    config.put("fmt", "e4m3");
    config.put("weight_block_size", List.of(grid.blockRows(), grid.blockSize()));
    config.put("activation_scheme", "dynamic");
    // transformers reads the one, vLLM the other.
    config.put("modules_to_not_convert", layers.floats());
    config.put("ignored_layers", layers.floats());
    config.put("provider", Producer.NAME);
    config.put(Producer.NAME, Producer.record(layers.plan()));
    return config;
  }
}
