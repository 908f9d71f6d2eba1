package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** What formats that write Hugging Face model folders have in common. */
abstract class FolderFormat implements ExportFormat {
  /** What a folder of the plan is like; asked only if nothing refuses the plan. */
  abstract FolderExport.Style style(Checkpoint source, ExportPlan plan);

  /** Warns of what loaders make of such a folder. */
  void warn(Checkpoint source, ExportPlan plan) {}

  @Override
  public final ExportSink create(
      Path folder, Checkpoint source, ExportPlan plan, ExportOptions options) {
    Refusals.require(refusal(source, plan));
    warn(source, plan);
    return FolderExport.create(folder, source, plan, options, style(source, plan));
  }

  @Override
  public ExportReport verify(Path written, Set<String> kept) {
    return ExportCheck.verify(written, kept);
  }

  @Override
  public void withdraw(Path written) {
    try {
      Files.deleteIfExists(written.resolve(FolderExport.CONFIG));
    } catch (IOException e) {
      throw new InputException(written + ": faulty, and cannot be removed; do not use it", e);
    }
  }
}
