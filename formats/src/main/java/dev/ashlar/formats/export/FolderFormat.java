package dev.ashlar.formats.export;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** What formats that write Hugging Face model folders have in common. */
abstract class FolderFormat implements ExportFormat {
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
