package dev.ashlar.formats.gguf.family;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every family whose GGUF files can be read and written; a new one is one line here. */
public final class GgufFamilies {
  /** Of families of one architecture the first that a file fits is meant. */
  public static final List<GgufFamily> ALL = List.of(LlamaFamilies.LLAMA);

  private GgufFamilies() {}

  /** The family of an opened file. */
  public static Optional<GgufFamily> of(GgufModel model) {
    return ALL.stream()
        .filter(f -> f.architecture().equals(model.architecture()) && f.when().test(model))
        .findFirst();
  }

  /** The family that a model of this configuration is stored as, by its {@code model_type}. */
  public static Optional<GgufFamily> ofConfig(Map<String, Object> config) {
    Object type = config.get("model_type");
    return ALL.stream().filter(f -> f.modelTypes().contains(type)).findFirst();
  }

  /** The architectures, for messages. */
  public static String architectures() {
    return String.join(
        ", ", ALL.stream().map(GgufFamily::architecture).distinct().sorted().toList());
  }
}
