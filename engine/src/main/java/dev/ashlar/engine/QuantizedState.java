package dev.ashlar.engine;

import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.quantize.CodesExport;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.UnitResult;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What quantizing made of a model.
 *
 * @param result codes, and tensors that changed with them, by complete name
 * @param base the scheme that most layers have
 * @param settings how codes were chosen, as exports record it
 */
record QuantizedState(UnitResult result, QuantScheme base, Map<String, Object> settings) {
  /** Those that a checkpoint holds; none if it is float. */
  static Optional<QuantizedState> of(Checkpoint checkpoint) {
    if (checkpoint.quantizedNames().isEmpty()) {
      return Optional.empty();
    }
    UnitResult result = CodesExport.of(checkpoint);
    Map<QuantScheme, Integer> counts = new LinkedHashMap<>();
    result
        .layers()
        .values()
        .forEach(q -> counts.merge(q.described().orElseThrow(), 1, Integer::sum));
    QuantScheme most = Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
    return Optional.of(new QuantizedState(result, most, Map.of()));
  }

  /** Writes a folder for each format, and reads them again; their folders by format. */
  Map<String, Path> write(
      Model model, ModelOptions options, Path folder, List<ExportFormat> formats) {
    CodesExport export = new CodesExport(model, base, result, settings);
    Map<String, Path> folders = new LinkedHashMap<>();
    options
        .run(() -> export.write(folder, formats, options.kernels()))
        .forEach(w -> folders.put(w.format(), w.folder()));
    return folders;
  }

  /** {@code model} with packed codes in place of its floats. */
  Decoder in(Decoder model, ModelOptions options) {
    return model
        .mapTensors((name, t) -> result.tensors().getOrDefault(name, t))
        .mapWeights((name, weight) -> weight(name, weight, options));
  }

  private Weight weight(String name, Weight present, ModelOptions options) {
    QuantizedMatrix q = result.layers().get(name);
    if (q != null) {
      return PackedWeight.of(q, options.kernels(), options.activations());
    }
    Tensor changed = result.tensors().get(name + ".weight");
    return changed == null ? present : new DenseWeight(changed);
  }
}
