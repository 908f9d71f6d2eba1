package dev.ashlar.engine;

import dev.ashlar.engine.quantize.FormatSchemes;
import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What {@link Quantization} was told of what it writes. */
final class OutputSettings {
  Path folder;

  /** None if nothing was said of them. */
  List<ExportFormat> formats = List.of();

  boolean overwrite;
  boolean originalNames;
  Optional<Path> work = Optional.empty();
  boolean restart;

  /**
   * What it amounts to.
   *
   * @param ofScheme the format whose types are the scheme
   * @throws IllegalArgumentException if there is no folder to write, or another format was named
   */
  QuantizeRequest.Output settled(Optional<ExportFormat> ofScheme) {
    if (folder == null) {
      throw new IllegalArgumentException("there is no folder to write; name one with into(…)");
    }
    List<ExportFormat> usual = formats.isEmpty() ? List.of(ExportFormats.ALL.getFirst()) : formats;
    List<ExportFormat> written =
        ofScheme.map(format -> FormatSchemes.agreed(format, formats)).orElse(usual);
    return new QuantizeRequest.Output(folder, written, overwrite, work, restart, originalNames);
  }
}
