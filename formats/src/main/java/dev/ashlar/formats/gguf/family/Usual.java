package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.weights.ConfigNames;
import java.util.Map;

/**
 * What GGUF needs of a model and configurations leave out where it is usual: what the family's
 * class has for it in transformers 5.24.
 *
 * @param context positions
 * @param epsilon of norms
 */
record Usual(long context, double epsilon) {
  private static final double RMS = 1e-6;
  private static final double LAYER = 1e-5;

  /** For a family that is not listed. */
  private static final Usual LLAMA = new Usual(2048, RMS);

  private static final Map<String, Usual> ALL =
      Map.ofEntries(
          Map.entry("arcee", new Usual(4096, LAYER)),
          Map.entry("bloom", new Usual(2048, LAYER)),
          Map.entry("cohere", new Usual(8192, LAYER)),
          Map.entry("cohere2", new Usual(8192, LAYER)),
          Map.entry("deepseek_v3", new Usual(4096, RMS)),
          Map.entry("ernie4_5", new Usual(131_072, LAYER)),
          Map.entry("ernie4_5_moe", new Usual(131_072, LAYER)),
          Map.entry("exaone4", new Usual(2048, LAYER)),
          Map.entry("falcon", new Usual(2048, LAYER)),
          Map.entry("gemma", new Usual(8192, RMS)),
          Map.entry("gemma2", new Usual(8192, RMS)),
          Map.entry("gemma3", new Usual(131_072, RMS)),
          Map.entry("gemma3_text", new Usual(131_072, RMS)),
          Map.entry("glm", new Usual(131_072, 1.5625e-7)),
          Map.entry("glm4", new Usual(131_072, 1.5625e-7)),
          Map.entry("glm4_moe", new Usual(131_072, LAYER)),
          Map.entry("gpt2", new Usual(1024, LAYER)),
          Map.entry("gpt_bigcode", new Usual(1024, LAYER)),
          Map.entry("gpt_neox", new Usual(2048, LAYER)),
          Map.entry("gpt_oss", new Usual(131_072, LAYER)),
          Map.entry("hunyuan_v1_dense", new Usual(2048, LAYER)),
          Map.entry("hunyuan_v1_moe", new Usual(2048, LAYER)),
          Map.entry("minimax_m2", new Usual(196_608, RMS)),
          Map.entry("mistral", new Usual(131_072, RMS)),
          Map.entry("mixtral", new Usual(131_072, LAYER)),
          Map.entry("mpt", new Usual(2048, LAYER)),
          Map.entry("nemotron", new Usual(4096, LAYER)),
          Map.entry("olmo2", new Usual(2048, LAYER)),
          Map.entry("olmo3", new Usual(2048, LAYER)),
          Map.entry("olmoe", new Usual(4096, LAYER)),
          Map.entry("phi", new Usual(2048, LAYER)),
          Map.entry("phi3", new Usual(4096, LAYER)),
          Map.entry("phimoe", new Usual(131_072, LAYER)),
          Map.entry("qwen2", new Usual(32_768, RMS)),
          Map.entry("qwen2_moe", new Usual(32_768, RMS)),
          Map.entry("qwen3", new Usual(32_768, RMS)),
          Map.entry("qwen3_moe", new Usual(32_768, RMS)),
          Map.entry("seed_oss", new Usual(524_288, RMS)),
          Map.entry("smollm3", new Usual(32_768, RMS)),
          Map.entry("stablelm", new Usual(4096, LAYER)),
          Map.entry("starcoder2", new Usual(4096, LAYER)));

  /** Heads, experts and bases that are not those of Llama. */
  private static final Map<String, Map<String, Object>> NUMBERS =
      Map.ofEntries(
          Map.entry("cohere", Map.of("rope_theta", 500_000.0)),
          Map.entry("deepseek_v3", Map.of("num_experts_per_tok", 8L, "n_routed_experts", 256L)),
          Map.entry("dots1", Map.of("num_key_value_heads", 32L)),
          Map.entry(
              "ernie4_5",
              Map.of("num_key_value_heads", 2L, "head_dim", 128L, "rope_theta", 500_000.0)),
          Map.entry(
              "ernie4_5_moe",
              Map.of(
                  "num_key_value_heads",
                  4L,
                  "moe_num_experts",
                  64L,
                  "moe_k",
                  6L,
                  "rope_theta",
                  500_000.0)),
          Map.entry("exaone4", Map.of("num_key_value_heads", 32L)),
          Map.entry("gemma", Map.of("num_key_value_heads", 16L)),
          Map.entry("gemma2", Map.of("num_key_value_heads", 4L)),
          Map.entry("gemma3_text", Map.of("num_key_value_heads", 4L)),
          Map.entry("glm", Map.of("num_key_value_heads", 2L, "head_dim", 128L)),
          Map.entry("glm4", Map.of("num_key_value_heads", 2L, "head_dim", 128L)),
          Map.entry(
              "glm4_moe",
              Map.of(
                  "num_key_value_heads", 8L, "n_routed_experts", 128L, "num_experts_per_tok", 8L)),
          Map.entry(
              "gpt_oss",
              Map.of(
                  "num_key_value_heads",
                  8L,
                  "head_dim",
                  64L,
                  "num_local_experts",
                  128L,
                  "num_experts_per_tok",
                  4L)),
          Map.entry("granitemoe", Map.of("num_local_experts", 8L, "num_experts_per_tok", 2L)),
          Map.entry("granitemoeshared", Map.of("num_local_experts", 8L, "num_experts_per_tok", 2L)),
          Map.entry("hunyuan_v1_moe", Map.of("num_experts", 1L, "moe_topk", 1L)),
          Map.entry(
              "minimax_m2",
              Map.of(
                  "num_key_value_heads",
                  8L,
                  "head_dim",
                  128L,
                  "num_local_experts",
                  256L,
                  "num_experts_per_tok",
                  8L,
                  "rope_theta",
                  5_000_000.0)),
          Map.entry("mistral", Map.of("num_key_value_heads", 8L)),
          Map.entry(
              "mixtral",
              Map.of(
                  "num_key_value_heads",
                  8L,
                  "num_local_experts",
                  8L,
                  "num_experts_per_tok",
                  2L,
                  "rope_theta",
                  1_000_000.0)),
          Map.entry("olmoe", Map.of("num_experts", 64L, "num_experts_per_tok", 8L)),
          Map.entry(
              "phimoe",
              Map.of(
                  "num_key_value_heads",
                  8L,
                  "num_local_experts",
                  16L,
                  "num_experts_per_tok",
                  2L,
                  "rope_theta",
                  1_000_000.0)),
          Map.entry("qwen2", Map.of("num_key_value_heads", 32L)),
          Map.entry(
              "qwen2_moe",
              Map.of("num_key_value_heads", 16L, "num_experts", 60L, "num_experts_per_tok", 4L)),
          Map.entry("qwen3", Map.of("num_key_value_heads", 32L, "head_dim", 128L)),
          Map.entry(
              "qwen3_moe",
              Map.of(
                  "num_key_value_heads", 4L, "num_local_experts", 128L, "num_experts_per_tok", 8L)),
          Map.entry("seed_oss", Map.of("num_key_value_heads", 8L, "head_dim", 128L)),
          Map.entry("smollm3", Map.of("num_key_value_heads", 4L, "rope_theta", 2_000_000.0)),
          Map.entry("stablelm", Map.of("num_key_value_heads", 32L)),
          Map.entry("starcoder2", Map.of("num_key_value_heads", 2L)));

  /** Puts such numbers where a configuration leaves them out; a null that is written stays one. */
  static void complete(Map<String, Object> config) {
    NUMBERS
        .getOrDefault(String.valueOf(config.get("model_type")), Map.of())
        .forEach(
            (key, value) -> {
              boolean said = config.containsKey(ConfigNames.in(config, key));
              if (!said && ConfigValues.find(config, key).isEmpty()) {
                config.put(key, value);
              }
            });
  }

  /** That of a configuration's {@code model_type}. */
  static Usual of(Map<String, Object> config) {
    return ALL.getOrDefault(String.valueOf(config.get("model_type")), LLAMA);
  }
}
