package dev.ashlar.engine;

import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What {@link Quantization} was told of what it writes. */
final class OutputSettings {
  Path folder;
  List<ExportFormat> formats = List.of(ExportFormats.ALL.getFirst());
  boolean overwrite;
  boolean originalNames;
  Optional<Path> work = Optional.empty();
  boolean restart;

  /**
   * What it amounts to.
   *
   * @throws IllegalArgumentException if there is no folder to write
   */
  QuantizeRequest.Output settled() {
    if (folder == null) {
      throw new IllegalArgumentException("there is no folder to write; name one with into(…)");
    }
    return new QuantizeRequest.Output(folder, formats, overwrite, work, restart, originalNames);
  }
}
