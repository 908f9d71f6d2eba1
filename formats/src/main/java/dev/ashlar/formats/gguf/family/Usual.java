package dev.ashlar.formats.gguf.family;

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

  /** That of a configuration's {@code model_type}. */
  static Usual of(Map<String, Object> config) {
    return ALL.getOrDefault(String.valueOf(config.get("model_type")), LLAMA);
  }
}
