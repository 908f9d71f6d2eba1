package dev.ashlar.engine.quantize;

import dev.ashlar.formats.export.ExportReport;
import dev.ashlar.formats.export.Rounding;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One written and verified folder.
 *
 * @param format name of the export format
 * @param layout how codes are packed in it
 * @param check what reading it again found
 * @param logitError relative to the tuned model's logits, as root mean squares; empty where no
 *     model was built
 * @param rounding what it cost that the format has not the scheme; empty where it has
 */
public record Written(
    String format,
    Path folder,
    String layout,
    ExportReport check,
    OptionalDouble logitError,
    Optional<Rounding> rounding) {}
