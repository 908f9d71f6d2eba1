package dev.ashlar.engine.quantize;

import dev.ashlar.formats.export.ExportReport;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * One written and verified folder.
 *
 * @param format name of the export format
 * @param layout how codes are packed in it
 * @param check what reading it again found
 * @param logitError relative to the tuned model's logits, as root mean squares; empty where no
 *     model was built
 */
public record Written(
    String format, Path folder, String layout, ExportReport check, OptionalDouble logitError) {}
