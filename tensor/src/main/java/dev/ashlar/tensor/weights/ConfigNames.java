package dev.ashlar.tensor.weights;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keys of configurations that mean the same. Classes of transformers call one size by several names
 * ({@code attribute_map}), and what a model was saved with depends on the version of its time: Qwen
 * 3's mixtures are published with {@code num_experts} and saved anew with {@code
 * num_local_experts}.
 */
public final class ConfigNames {
  private static final List<List<String>> SAME =
      List.of(
          List.of("hidden_size", "n_embd", "n_embed", "d_model"),
          List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
          List.of("num_attention_heads", "n_head", "n_heads", "num_heads"),
          List.of("num_key_value_heads", "num_kv_heads"),
          List.of("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"),
          List.of("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"),
          List.of("num_experts_per_tok", "moe_k", "moe_topk"));

  /**
   * Keys under which the configuration of a model of several parts has that of its language part;
   * the second in those of InternVL's own code.
   */
  public static final List<String> SECTIONS = List.of("text_config", "llm_config");

  private ConfigNames() {}

  /** The section on the language part, if there is one. */
  public static Optional<Map<String, Object>> section(Map<String, ?> config) {
    for (String name : SECTIONS) {
      if (config.get(name) instanceof Map<?, ?> section) {
        Map<String, Object> copy = new LinkedHashMap<>();
        section.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return Optional.of(copy);
      }
    }
    return Optional.empty();
  }

  /**
   * What a configuration calls a key: itself if it has it with a value, else the first other name
   * that it has one under, else itself.
   */
  public static String in(Map<String, ?> config, String key) {
    if (config.get(key) != null) {
      return key;
    }
    for (List<String> names : SAME) {
      if (names.contains(key)) {
        return names.stream().filter(name -> config.get(name) != null).findFirst().orElse(key);
      }
    }
    return key;
  }
}
