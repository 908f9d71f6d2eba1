package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.HeadTie;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.gguf.family.FamilyException;
import dev.ashlar.formats.gguf.family.GgufFamilies;
import dev.ashlar.formats.gguf.family.GgufFamily;
import dev.ashlar.formats.gguf.writing.FileType;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.WeightSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is to be known of a model to write it as GGUF.
 *
 * @param family how it is stored
 * @param config of the language model
 * @param types what decides about mixes
 */
record GgufModelKeys(GgufFamily family, Map<String, Object> config, FileType.Model types) {
  /** What a file calls the embedding. */
  static final String EMBEDDING = "token_embd.weight";

  /** Why the model cannot be written, in one sentence without a beginning; empty if it can. */
  static Optional<String> refusal(WeightSource source) {
    Map<String, Object> config = language(source.config());
    Optional<GgufFamily> family = GgufFamilies.ofConfig(config);
    if (family.isEmpty()) {
      return Optional.of(
          "no table says how models of type "
              + config.get("model_type")
              + " are stored; there are tables for "
              + GgufFamilies.architectures());
    }
    try {
      family.get().metadata(config);
      return Optional.empty();
    } catch (FamilyException e) {
      return Optional.of("the configuration cannot be said there: " + e.getMessage());
    }
  }

  /** Those of a model that can be written. */
  static GgufModelKeys of(Checkpoint source, ExportPlan plan) {
    Map<String, Object> settled = HeadTie.settled(source.config(), source);
    Map<String, Object> config = language(HeadTie.corrected(settled, plan.corrections()));
    GgufFamily family = GgufFamilies.ofConfig(config).orElseThrow();
    Map<String, Object> metadata = family.metadata(config);
    String prefix = family.architecture() + ".";
    long heads = number(metadata.get(prefix + "attention.head_count"), 1);
    long shared = number(metadata.get(prefix + "attention.head_count_kv"), heads);
    FileType.Model types =
        new FileType.Model(
            (int) number(metadata.get(prefix + "block_count"), 0),
            (int) (heads / Math.max(1, shared)),
            (int) number(metadata.get(prefix + "expert_count"), 0),
            ModelConfig.tied(source));
    return new GgufModelKeys(family, config, types);
  }

  private static long number(Object value, long otherwise) {
    return value instanceof Number n ? n.longValue() : otherwise;
  }

  /** The part of a configuration that is about the language model. */
  private static Map<String, Object> language(Map<String, Object> config) {
    Optional<Map<String, Object>> section = ConfigNames.section(config);
    if (config.containsKey("hidden_size") || section.isEmpty()) {
      return config;
    }
    Map<String, Object> inner = section.get();
    inner.putIfAbsent("tie_word_embeddings", config.get("tie_word_embeddings"));
    return inner;
  }

  /** Keys and values for the file, those about the tokenizer excepted. */
  Map<String, Object> metadata(String name, FileType type, long vocabulary) {
    Map<String, Object> keys = new LinkedHashMap<>();
    Map<String, Object> own = new LinkedHashMap<>(family.metadata(config));
    keys.put("general.architecture", own.remove("general.architecture"));
    keys.put("general.type", "model");
    keys.put("general.name", name);
    keys.put("general.file_type", type.number());
    keys.put("general.quantization_version", 2L);
    keys.put("general.quantized_by", Producer.nameAndVersion());
    keys.putAll(own);
    keys.put(family.architecture() + ".vocab_size", vocabulary);
    return keys;
  }

  /** What to call a model: its file's or folder's name, without what says how it was quantized. */
  static String name(Path path) {
    Path last = path.toAbsolutePath().normalize().getFileName();
    String stem =
        (last == null ? "" : last.toString())
            .replaceFirst("\\.(gguf|safetensors)$", "")
            .replaceFirst("(?i)[.-](IQ\\d\\w*|Q\\d\\w*|F16|BF16|F32)$", "")
            .replaceAll("[^A-Za-z0-9._-]", "_");
    return List.of("", ".", "model").contains(stem) ? "model" : stem;
  }
}
