package dev.ashlar.text.tokenizer.folder;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Which class transformers' {@code AutoTokenizer} would load, by the model's type and the class
 * that its files name.
 *
 * @param chosen the class
 * @param name what the files call it; null if they do not
 */
record ClassChoice(TokenizerClass chosen, String name) {
  /** What stands for the class of Mistral's own library, which is not used without that library. */
  private static final String MISTRAL = "MistralCommonBackend";

  private static final Map<String, String> BY_MODEL = byModel();

  /** Models whose published folders name a wrong class: theirs is taken instead. */
  private static final Set<String> MISNAMED =
      Set.of(
          "ernie4_5",
          "ernie4_5_moe",
          "hyperclovax",
          "llava",
          "llava_next",
          "minicpm3",
          "minimax_m2",
          "nemotron",
          "phi3",
          "phi3_v",
          "phimoe",
          "qwen2",
          "smolvlm");

  private static Map<String, String> byModel() {
    Map<String, String> all = new HashMap<>();
    put(all, "GPT2Tokenizer", "codegen gpt2 gpt_neo gptj opt phi starcoder2");
    put(all, "CohereTokenizer", "cohere cohere2");
    put(all, "GemmaTokenizer", "gemma gemma2 gemma3 gemma3_text");
    put(all, "GPTNeoXTokenizer", "gpt_neox mpt olmo olmoe");
    put(all, MISTRAL, "ministral mistral mistral3 mixtral voxtral");
    put(
        all,
        "Qwen2Tokenizer",
        "internvl qwen2 qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_moe qwen3_vl");
    put(
        all,
        "TokenizersBackend",
        "ernie4_5 ernie4_5_moe flex_olmo glm glm4 glm4_moe glm4_moe_lite gpt_bigcode granite"
            + " granitemoe granitemoeshared hyperclovax llava llava_next minicpm3 minimax_m2"
            + " nemotron olmo2 olmo3 phi3 phi3_v phimoe smolvlm stablelm");
    return Map.copyOf(all);
  }

  private static void put(Map<String, String> all, String name, String models) {
    List.of(models.split(" ")).forEach(model -> all.put(model, name));
  }

  /**
   * The class for a folder.
   *
   * @param modelType of {@code config.json}; empty if there is none
   * @param ofTokenizer the class in {@code tokenizer_config.json}, or null
   * @param ofModel the class in {@code config.json}, or null
   * @param hasProgram whether the model brings its own class
   * @param byteLevel whether there is a {@code tokenizer.json} that spells bytes; asked only where
   *     that decides, for it may take reading the file
   */
  static ClassChoice of(
      String modelType,
      String ofTokenizer,
      String ofModel,
      boolean hasProgram,
      BooleanSupplier byteLevel) {
    String given = ofTokenizer != null ? ofTokenizer : ofModel;
    String usual = BY_MODEL.get(modelType);
    if (given == null) {
      return byName(usual == null ? "TokenizersBackend" : usual, null);
    }
    boolean misnamed = MISNAMED.contains(modelType);
    if (!hasProgram
        && TokenizerClass.plain(given).equals("LlamaTokenizer")
        && !misnamed
        && !MISTRAL.equals(usual)
        && byteLevel.getAsBoolean()) {
      return new ClassChoice(TokenizerClass.GENERIC, given);
    }
    if (!hasProgram
        && usual != null
        && !TokenizerClass.plain(usual).equals(TokenizerClass.plain(given))) {
      boolean special = !usual.equals("TokenizersBackend") && !usual.equals(MISTRAL);
      return special
          ? byName(misnamed ? usual : given, given)
          : new ClassChoice(TokenizerClass.GENERIC, given);
    }
    return byName(given, given);
  }

  private static ClassChoice byName(String name, String given) {
    return name.equals(MISTRAL)
        ? new ClassChoice(TokenizerClass.GENERIC, given)
        : new ClassChoice(TokenizerClass.named(name).orElse(TokenizerClass.OTHER), given);
  }
}
