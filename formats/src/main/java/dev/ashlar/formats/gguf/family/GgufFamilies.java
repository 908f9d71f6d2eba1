package dev.ashlar.formats.gguf.family;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every family whose GGUF files can be read and written; a new one is one line here. */
public final class GgufFamilies {
  /** Of families of one architecture the first that a file fits is meant. */
  public static final List<GgufFamily> ALL =
      List.of(
          LlamaFamilies.MIXTRAL,
          LlamaFamilies.LLAMA,
          LlamaFamilies.ARCEE,
          LlamaFamilies.SMOLLM3,
          LlamaFamilies.GRANITE,
          LlamaFamilies.GRANITE_MOE_SHARED,
          LlamaFamilies.GRANITE_MOE,
          QwenFamilies.QWEN2,
          QwenFamilies.QWEN3,
          QwenFamilies.QWEN2_MOE,
          QwenFamilies.QWEN3_MOE,
          QwenFamilies.DOTS1,
          GemmaFamilies.GEMMA,
          GemmaFamilies.GEMMA2,
          GemmaFamilies.GEMMA3,
          PhiFamilies.PHI2,
          PhiFamilies.PHI3,
          PhiFamilies.PHIMOE,
          GptFamilies.GPT2,
          GptFamilies.STARCODER,
          GptFamilies.GPT_NEOX,
          GptFamilies.BLOOM,
          GptFamilies.FALCON,
          GptFamilies.MPT,
          GptFamilies.STARCODER2,
          DeepseekFamilies.V3,
          DeepseekFamilies.V2,
          GlmFamilies.GLM,
          GlmFamilies.GLM4,
          GlmFamilies.GLM4_MOE,
          OtherFamilies.STABLELM,
          OtherFamilies.OLMO,
          OtherFamilies.OLMO3,
          OtherFamilies.OLMO2,
          OtherFamilies.OLMOE,
          OtherFamilies.COHERE,
          OtherFamilies.COHERE2,
          OtherFamilies.EXAONE4,
          OtherFamilies.ERNIE,
          OtherFamilies.ERNIE_MOE,
          OtherFamilies.NEMOTRON,
          OtherFamilies.SEED_OSS,
          OtherFamilies.HUNYUAN,
          OtherFamilies.HUNYUAN_MOE,
          OtherFamilies.MINIMAX_M2,
          OtherFamilies.GPT_OSS);

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
