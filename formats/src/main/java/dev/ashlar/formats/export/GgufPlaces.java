package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.TensorMapping;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where the tensors of a model go in a GGUF file, by the table of its family. */
final class GgufPlaces {
  private static final String WEIGHT = ".weight";

  private final Checkpoint source;
  private final String architecture;
  private final Map<String, QuantScheme> linears;
  private final Map<String, List<TensorMapping>> mappings = new HashMap<>();

  /**
   * Those of a model.
   *
   * @throws dev.ashlar.io.InputException if the configuration has no sense there, or a map that is
   *     to be quantized has no place
   */
  GgufPlaces(GgufModelKeys model, Checkpoint source, ExportPlan plan) {
    this.source = source;
    this.architecture = model.family().architecture();
    this.linears = plan.linears();
    try {
      for (TensorMapping mapping : model.family().mappings(model.config())) {
        for (String part : mapping.huggingFace()) {
          mappings.computeIfAbsent(part, p -> new ArrayList<>()).add(mapping);
        }
      }
    } catch (FamilyException e) {
      throw source.fault(e.place(), e.expected(), e.found(), "");
    }
    linears.forEach(
        (module, scheme) -> {
          if (!scheme.isFloat()) {
            require(module + WEIGHT);
          }
        });
  }

  /** The module of a weight. */
  static String module(String weight) {
    return weight.substring(0, weight.length() - WEIGHT.length());
  }

  /** What tensors that are made of one are made of; empty for one that has no place. */
  List<TensorMapping> of(String part) {
    return mappings.getOrDefault(part, List.of());
  }

  /**
   * What has no place may be left out, but not the weights of a map: without these it is another
   * model.
   */
  void requireDispensable(String part) {
    if (part.endsWith(WEIGHT) && linears.containsKey(module(part))) {
      require(part);
    }
  }

  private void require(String weight) {
    if (!mappings.containsKey(weight)) {
      throw source.fault(
          weight,
          "a map that has a place in files of " + architecture,
          "none",
          "choose another format, and report this");
    }
  }

  /** Rows of the source's embedding; 0 if it has none under its own name. */
  long embeddingRows() {
    for (Map.Entry<String, List<TensorMapping>> e : mappings.entrySet()) {
      if (e.getValue().stream().anyMatch(m -> m.gguf().contains(GgufModelKeys.EMBEDDING))) {
        String part = e.getKey();
        return source
            .find(part)
            .map(StoredTensor::shape)
            .or(() -> source.quantizedShape(module(part)))
            .map(shape -> shape.dim(0))
            .orElse(0L);
      }
    }
    return 0;
  }
}
