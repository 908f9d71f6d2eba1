package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.BlockQuantizer;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** Says which layers a method that chooses codes leaves to the file's own rounding. */
final class FileLayers {
  private FileLayers() {}

  /** Warns where there are some, unless rounding is what the method is for. */
  static void check(
      BlockQuantizer quantizer, Collection<QuantScheme> schemes, JobListener listener) {
    List<FileBlocks> left =
        schemes.stream()
            .filter(FileBlocks.class::isInstance)
            .map(FileBlocks.class::cast)
            .filter(own -> quantizer.refusal(own).isPresent())
            .toList();
    if (!left.isEmpty()) {
      TreeSet<String> types = new TreeSet<>();
      left.forEach(own -> types.add(own.type()));
      listener.warning(
          quantizer.title()
              + " does nothing to "
              + left.size()
              + " of "
              + schemes.size()
              + " layers: the file has them as "
              + String.join(", ", types)
              + ", whose steps are not even, and rounds them itself");
    }
  }
}
