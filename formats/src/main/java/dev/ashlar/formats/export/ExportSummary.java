package dev.ashlar.formats.export;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
 * @param rounded whether weights are not quite those that were given, floats apart
 * @param rounding what that cost, where codes were given
 */
public record ExportSummary(
    Path folder,
    String format,
    String layout,
    List<Path> files,
    int packed,
    long tensorBytes,
    int mirroredGroups,
    boolean rounded,
    Optional<Rounding> rounding) {
  /** One whose weights are those that were given. */
  ExportSummary(
      Path folder,
      String format,
      String layout,
      List<Path> files,
      int packed,
      long tensorBytes,
      int mirroredGroups) {
    this(
        folder,
        format,
        layout,
        files,
        packed,
        tensorBytes,
        mirroredGroups,
        false,
        Optional.empty());
  }
}
