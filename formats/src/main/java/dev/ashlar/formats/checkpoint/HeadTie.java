package dev.ashlar.formats.checkpoint;

import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a checkpoint's output head and its embedding are related: by what its configuration says, and
 * by what is stored where that can be asked. Tells both by their names alone, so that it holds for
 * families that nobody described.
 */
public enum HeadTie {
  /** The configuration ties nothing. */
  NONE,
  /** They are one: no head is stored, or the same as the embedding. */
  SHARED,
  /** The configuration ties them, but the head that is stored is another. */
  CONTRADICTED,
  /** They are one, which is stored as the head alone. */
  ONLY_HEAD;

  private static final String KEY = "tie_word_embeddings";
  private static final String HEAD = "lm_head";
  private static final String WEIGHT = ".weight";
  private static final List<String> TABLES =
      List.of(
          "embed_tokens",
          "wte",
          "word_embeddings",
          "embed_in",
          "tok_embeddings",
          "embeddings",
          "embedding");

  /** What the checkpoint shows. */
  public static HeadTie of(WeightSource source) {
    if (!declared(source.config())) {
      return NONE;
    }
    if (source.quantizedNames().stream().anyMatch(HeadTie::isHead)) {
      return CONTRADICTED;
    }
    Optional<StoredTensor> head =
        source.names().stream()
            .filter(n -> n.endsWith(WEIGHT) && isHead(module(n)))
            .findFirst()
            .map(source::tensor);
    if (head.isEmpty()) {
      return SHARED;
    }
    List<StoredTensor> tables =
        source.names().stream()
            .filter(n -> n.endsWith(WEIGHT) && isTable(module(n)))
            .map(source::tensor)
            .filter(t -> t.shape().rank() == 2 && t.shape().dim(1) == head.get().shape().dim(-1))
            .toList();
    if (tables.isEmpty()) {
      return ONLY_HEAD;
    }
    return tables.stream().anyMatch(head.get()::sameAs) ? SHARED : CONTRADICTED;
  }

  /** Whether the configuration, or its section on the language part, ties the two. */
  private static boolean declared(Map<String, Object> config) {
    return Boolean.TRUE.equals(config.get(KEY))
        || ConfigNames.SECTIONS.stream()
            .anyMatch(s -> config.get(s) instanceof Map<?, ?> m && Boolean.TRUE.equals(m.get(KEY)));
  }

  /**
   * A configuration that says of the head what is stored.
   *
   * @param config that of {@code source}, perhaps changed
   */
  public static Map<String, Object> settled(Map<String, Object> config, WeightSource source) {
    if (of(source) != CONTRADICTED) {
      return config;
    }
    source.note(
        KEY,
        "the configuration ties the head to the embedding, but the stored head is another; the copy"
            + " has it and says so");
    return corrected(config, Map.of(KEY, false));
  }

  /**
   * A configuration with other values: at the top and in the section on the language part, wherever
   * a key stands; if it stands nowhere, where the sizes are.
   */
  public static Map<String, Object> corrected(
      Map<String, Object> config, Map<String, Object> values) {
    Map<String, Object> all = new LinkedHashMap<>(config);
    for (Map.Entry<String, Object> value : values.entrySet()) {
      String key = value.getKey();
      boolean placed = all.containsKey(key);
      all.replace(key, value.getValue());
      for (String section : ConfigNames.SECTIONS) {
        if (all.get(section) instanceof Map<?, ?> old && (old.containsKey(key) || !placed)) {
          Map<String, Object> changed = new LinkedHashMap<>();
          old.forEach((k, v) -> changed.put(String.valueOf(k), v));
          changed.put(key, value.getValue());
          all.put(section, changed);
          placed = true;
        }
      }
      if (!placed || key.equals(KEY)) {
        all.put(key, value.getValue());
      }
    }
    return all;
  }

  private static boolean isHead(String module) {
    return module.equals(HEAD) || module.endsWith("." + HEAD);
  }

  private static boolean isTable(String module) {
    return TABLES.contains(module.substring(module.lastIndexOf('.') + 1));
  }

  private static String module(String tensor) {
    return tensor.substring(0, tensor.length() - WEIGHT.length());
  }
}
