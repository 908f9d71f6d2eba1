package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Optional;

/**
 * An ordinary float model that has the quantized weights' values (docs/formats.md, fake): every
 * tool reads it, and every packed export must equal it. A scale in half precision times a code has
 * more bits than half precision, so that all floats are F32 whatever the source has.
 */
final class FakeFormat extends FolderFormat {
  @Override
  public String name() {
    return "fake";
  }

  @Override
  public boolean holdsOutliers() {
    return true;
  }

  @Override
  public boolean packs() {
    return false;
  }

  @Override
  public String description() {
    return "float weights that lie on the grid; every tool reads them";
  }

  @Override
  public Optional<String> refusal(WeightSource source, ExportPlan plan) {
    return Refusals.ofRoundedInputs(name(), plan).or(() -> Refusals.ofBlocks(name(), plan));
  }

  @Override
  FolderExport.Style style(Checkpoint source, ExportPlan plan) {
    return FolderExport.Style.floats(name(), DType.F32);
  }
}
