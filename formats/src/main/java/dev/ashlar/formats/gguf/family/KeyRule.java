package dev.ashlar.formats.gguf.family;

import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * One fact about a model in both spellings: keys of GGUF metadata (without the architecture's name
 * and its dot) and keys of {@code config.json}. {@link Keys} makes the usual ones.
 */
public interface KeyRule {
  /**
   * Puts into {@code config} what a file says.
   *
   * @throws dev.ashlar.io.InputException if its value is missing or faulty
   */
  void toConfig(GgufModel model, Map<String, Object> config);

  /**
   * Puts what a configuration says.
   *
   * @param config {@code config.json} of the language model, in either style of transformers
   * @param out takes a key without the architecture's name, and its value: a {@code Long} is a
   *     UINT32, a {@code Float} a FLOAT32, else {@code Boolean}, {@code String} or a list of one of
   *     these
   * @throws FamilyException if GGUF has no word for it
   */
  void toMetadata(Map<String, Object> config, BiConsumer<String, Object> out);

  /**
   * What a file says of this configuration that is no part of its architecture elsewhere, so that
   * llama.cpp and its kin compute another model; empty if there is nothing.
   */
  default Optional<String> unheeded(Map<String, Object> config) {
    return Optional.empty();
  }
}
