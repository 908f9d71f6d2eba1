package dev.ashlar.engine.quantize;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.Methods;
import java.util.Map;
import java.util.TreeMap;

/** The checkpoint that is quantized: its model, and what reports say of it. */
final class FloatSource {
  private FloatSource() {}

  /** The model; an unknown family's fault names the way without it. */
  static Decoder load(WeightSource source) {
    boolean known =
        !(source.config().get("model_type") instanceof String type)
            || Architectures.find(type).isPresent();
    try {
      return Architectures.load(source);
    } catch (InputException e) {
      if (known) {
        throw e;
      }
      throw new InputException(
          e.getMessage()
              + "; --method "
              + Methods.BASELINE.name()
              + " --model-free quantizes it without knowing the family",
          e);
    }
  }

  /** What a work folder must have been begun on. */
  static Map<String, String> facts(Checkpoint source) {
    return Map.of(
        "source", source.path().toAbsolutePath().normalize().toString(),
        "bytes of the source", Long.toString(bytes(source)));
  }

  /** Bytes of all tensors. */
  static long bytes(Checkpoint source) {
    return source.names().stream().mapToLong(n -> source.tensor(n).byteSize()).sum();
  }

  /** How many tensors are no floats but codes that are expanded when they are read, by type. */
  static Map<String, Integer> codes(Checkpoint source) {
    Map<String, Integer> types = new TreeMap<>();
    for (String name : source.names()) {
      StoredTensor t = source.tensor(name);
      if (t.dtype().isFloat() && !t.storage().equals(t.dtype().name())) {
        types.merge(t.storage(), 1, Integer::sum);
      }
    }
    return types;
  }
}
