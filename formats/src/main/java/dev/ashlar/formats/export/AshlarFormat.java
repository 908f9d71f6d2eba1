package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.layout.Layouts;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Ashlar's own folders (docs/formats.md, ashlar), for codes with weights beside them. The
 * configuration is AutoRound's in all but its method.
 */
final class AshlarFormat extends FolderFormat {
  private static final String NAME = "ashlar";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "packed, with room for outliers beside the codes; Ashlar alone reads it";
  }

  @Override
  public boolean holdsOutliers() {
    return true;
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    return Refusals.of(NAME, Layouts.ASHLAR, source, plan);
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return new FolderExport.Style(NAME, Layouts.ASHLAR, null, Map.of(), AshlarFormat::config);
  }

  private static Map<String, Object> config(WrittenLayers layers) {
    Map<String, Object> config = new LinkedHashMap<>(AutoRoundFormat.config(NAME, layers));
    config.remove("autoround_version");
    config.put("quant_method", NAME);
    return config;
  }
}
