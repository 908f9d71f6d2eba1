package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The pre-tokenizers that GGUF files call by name, as lists of patterns applied in turn. */
public final class GgufSplits {
  /** The pattern that the byte-level step applies by itself. */
  public static final String BYTE_LEVEL = Scanners.GPT2;

  private static final String TRIPLES = "[0-9][0-9][0-9]";
  private static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";
  private static final Map<String, List<String>> ALL = all();

  /** Names to write: one for each list of patterns, or for each of what else they imply. */
  private static final List<String> NAMED =
      List.of(
          "gpt-2",
          "starcoder",
          "llama-bpe",
          "smaug-bpe",
          "qwen2",
          "stablelm2",
          "qwen35",
          "gpt-4o",
          "tekken",
          "deepseek-v3",
          "deepseek-coder",
          "falcon",
          "bloom",
          "viking",
          "default");

  /** Those of {@link #NAMED} that compose characters first. */
  private static final Set<String> COMPOSED = Set.of("qwen2", "qwen35");

  /** Those of {@link #NAMED} that take a piece that is a token whole, without merging. */
  private static final Set<String> WHOLE = Set.of("llama-bpe", "tekken");

  private GgufSplits() {}

  private static Map<String, List<String>> all() {
    Map<String, List<String>> all = new HashMap<>();
    put(all, "default", "[\\p{P}$+<=>^~|]+", Scanners.GPT2, "\\p{N}+", TRIPLES);
    // SmolLM's own configuration also cuts digits apart; its GGUF files, as transformers reads
    // them, do not, and the two differ only where numbers follow several spaces or are not ASCII.
    put(
        all,
        "gpt-2 gpt2 mpt olmo jais smollm phi-2 exaone4 trillion granite-docling jina-es jina-de"
            + " jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe gigachat a.x-4.0 mellum"
            + " modern-bert",
        Scanners.GPT2);
    put(
        all,
        "starcoder refact command-r codeshell exaone minerva-7b mellum2",
        "\\p{N}",
        Scanners.GPT2);
    put(
        all,
        "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 dbrx smaug-bpe glm4"
            + " chatglm-bpe",
        Scanners.LLAMA3);
    put(
        all,
        "qwen2 deepseek-r1-qwen kormo stablelm2 megrez hunyuan solar-open grok-2",
        Scanners.QWEN2);
    put(all, "qwen35", Scanners.QWEN35);
    put(all, "gpt-4o llama4 kanana2 minimax-m2", Scanners.GPT4O);
    put(all, "tekken", Scanners.TEKKEN);
    put(
        all,
        "deepseek-v3 hunyuan-dense joyai-llm",
        "\\p{N}{1,3}",
        Scanners.DEEPSEEK_CJK,
        Scanners.DEEPSEEK3);
    String cjk = "[一-龥ࠀ-一가-\uD7FF]+";
    put(all, "deepseek-coder", "[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", cjk, "\\p{N}");
    put(all, "falcon", "[\\p{P}$+<=>^~|`]+", Scanners.GPT2, TRIPLES);
    put(all, "bloom poro-chat gpt3-finnish", BLOOM);
    put(all, "viking", BLOOM, "\\p{N}");
    return Map.copyOf(all);
  }

  private static void put(Map<String, List<String>> all, String names, String... patterns) {
    for (String name : names.split(" ")) {
      all.put(name, List.of(patterns));
    }
  }

  /**
   * The patterns of a name, applied in turn; empty if the name is unknown.
   *
   * @param name the value of {@code tokenizer.ggml.pre}
   */
  public static Optional<List<String>> patterns(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  /**
   * A name for patterns that are applied in turn; empty if no reader has one.
   *
   * @param composed whether characters are composed first, which some names imply
   * @param whole whether a piece that is a token is taken whole, which some names imply
   */
  public static Optional<String> name(List<String> patterns, boolean composed, boolean whole) {
    return NAMED.stream()
        .filter(name -> ALL.get(name).equals(patterns))
        .max(
            Comparator.comparing((String name) -> COMPOSED.contains(name) == composed)
                .thenComparing(name -> WHOLE.contains(name) == whole));
  }

  /**
   * The pre-tokenizer of a name, followed by the spelling of bytes.
   *
   * @param name the value of {@code tokenizer.ggml.pre}, or null where the key is absent
   */
  public static PreTokenizer read(String name, Node place) {
    List<String> patterns = ALL.get(name == null ? "default" : name);
    if (patterns == null) {
      throw place.fault("the pre-tokenizer \"" + name + "\" is not supported");
    }
    List<PreTokenizer> steps = new ArrayList<>();
    for (String pattern : patterns) {
      steps.add(Split.isolating(pattern, place));
    }
    steps.add(new ByteLevel(false, false, true));
    return new SplitSequence(List.copyOf(steps));
  }
}
