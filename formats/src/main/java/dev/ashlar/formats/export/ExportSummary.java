package dev.ashlar.formats.export;

import java.nio.file.Path;
import java.util.List;

/**
 * What an export has written.
 *
 * @param format name of the export format
 * @param layout name of the packed layout, or {@code float}
 * @param files weight files, in order; empty before the export is finished
 * @param packed linear maps stored packed
 * @param tensorBytes bytes of all tensors
 * @param mirroredGroups groups whose zero point 0 was spelled by mirrored codes and a negated
 *     scale, which changes no weight
 */
public record ExportSummary(
    Path folder,
    String format,
    String layout,
    List<Path> files,
    int packed,
    long tensorBytes,
    int mirroredGroups) {}
