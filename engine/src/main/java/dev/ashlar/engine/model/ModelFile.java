package dev.ashlar.engine.model;

import dev.ashlar.formats.FloatFolder;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.formats.export.ExportSink;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.Unquantized;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A model as it is, in a format that decides about types by itself. */
public final class ModelFile {
  private ModelFile() {}

  /**
   * Writes all tensors of a model: floats rounded to the format's types, codes of packed weights
   * carried where it has types that hold them.
   *
   * @param overwrite whether a file of the same name may be replaced, once the new one is checked
   * @return the files of weights
   * @throws InputException if the model lacks weights, the format cannot hold it, or something
   *     cannot be written
   */
  public static List<Path> write(
      Model model,
      ExportFormat format,
      Path folder,
      boolean overwrite,
      FloatFolder.Progress progress) {
    model.requireComplete();
    boolean hasCodes = !model.checkpoint().quantizedNames().isEmpty();
    Checkpoint source = hasCodes ? model.carried() : model.expanded();
    ExportPlan plan = plan(source);
    format
        .refusal(source, plan)
        .ifPresent(
            reason -> {
              throw new InputException(reason);
            });
    ExportOptions options = ExportOptions.defaults().overwriting(overwrite);
    try (ExportSink sink = format.create(folder, source, plan, options)) {
      int all = source.names().size() + source.quantizedNames().size();
      int done = 0;
      for (String name : source.names()) {
        sink.copy(source.tensor(name));
        progress.wrote(name, ++done, all);
      }
      for (String module : source.quantizedNames()) {
        sink.quantized(module, source.quantized(module).orElseThrow());
        progress.wrote(module, ++done, all);
      }
      Optional<Path> ready = sink.ready();
      ready.ifPresent(file -> check(format, model, file));
      sink.finish();
      if (ready.isEmpty()) {
        checkPublished(format, model, folder);
      }
      return sink.summary().files();
    }
  }

  private static void check(ExportFormat format, Model model, Path written) {
    format.verify(written, Set.of());
    SameModel.require(format.name(), model.spec(), written);
  }

  private static void checkPublished(ExportFormat format, Model model, Path folder) {
    boolean good = false;
    try {
      check(format, model, folder);
      good = true;
    } finally {
      if (!good) {
        format.withdraw(folder);
      }
    }
  }

  /** The schemes of packed weights, of which the first is taken for that of most. */
  private static ExportPlan plan(Checkpoint source) {
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    for (String module : source.quantizedNames()) {
      source
          .quantized(module)
          .flatMap(QuantizedMatrix::described)
          .ifPresent(scheme -> schemes.put(module, scheme));
    }
    QuantScheme base = schemes.values().stream().findFirst().orElseGet(Unquantized::new);
    return new ExportPlan(base, schemes);
  }
}
