package dev.ashlar.formats.tokenizer.split;

import dev.ashlar.formats.tokenizer.config.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The pre-tokenizers that GGUF files call by name, as lists of patterns applied in turn. */
public final class GgufSplits {
  /** The pattern that the byte-level step applies by itself. */
  public static final String BYTE_LEVEL = Scanners.GPT2;

  private static final String TRIPLES = "[0-9][0-9][0-9]";
  private static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";
  private static final Map<String, List<String>> ALL = all();

  private GgufSplits() {}

  private static Map<String, List<String>> all() {
    Map<String, List<String>> all = new HashMap<>();
    put(all, List.of("[\\p{P}$+<=>^~|]+", Scanners.GPT2, "\\p{N}+", TRIPLES), "default");
    // SmolLM's own configuration also cuts digits apart; its GGUF files, as transformers reads
    // them, do not, and the two differ only where numbers follow several spaces or are not ASCII.
    put(
        all,
        List.of(Scanners.GPT2),
        "gpt-2",
        "gpt2",
        "mpt",
        "olmo",
        "jais",
        "smollm",
        "phi-2",
        "exaone4",
        "trillion",
        "granite-docling",
        "jina-es",
        "jina-de",
        "jina-v1-en",
        "jina-v2-es",
        "jina-v2-de",
        "jina-v2-code",
        "roberta-bpe",
        "gigachat",
        "a.x-4.0",
        "mellum",
        "modern-bert");
    put(
        all,
        List.of("\\p{N}", Scanners.GPT2),
        "starcoder",
        "refact",
        "command-r",
        "codeshell",
        "exaone",
        "minerva-7b",
        "mellum2");
    put(
        all,
        List.of(Scanners.LLAMA3),
        "llama3",
        "llama-v3",
        "llama-bpe",
        "falcon3",
        "falcon-h1",
        "pixtral",
        "midm-2.0",
        "lfm2",
        "dbrx",
        "smaug-bpe",
        "glm4",
        "chatglm-bpe");
    put(
        all,
        List.of(Scanners.QWEN2),
        "qwen2",
        "deepseek-r1-qwen",
        "kormo",
        "stablelm2",
        "megrez",
        "hunyuan",
        "solar-open",
        "grok-2");
    put(all, List.of(Scanners.QWEN35), "qwen35");
    put(all, List.of(Scanners.GPT4O), "gpt-4o", "llama4", "kanana2", "minimax-m2");
    put(all, List.of(Scanners.TEKKEN), "tekken");
    put(
        all,
        List.of("\\p{N}{1,3}", Scanners.DEEPSEEK_CJK, Scanners.DEEPSEEK3),
        "deepseek-v3",
        "hunyuan-dense",
        "joyai-llm");
    put(
        all,
        List.of("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-\uD7FF]+", "\\p{N}"),
        "deepseek-coder");
    put(all, List.of("[\\p{P}$+<=>^~|`]+", Scanners.GPT2, TRIPLES), "falcon");
    put(all, List.of(BLOOM), "bloom", "poro-chat", "gpt3-finnish");
    put(all, List.of(BLOOM, "\\p{N}"), "viking");
    return Map.copyOf(all);
  }

  private static void put(Map<String, List<String>> all, List<String> patterns, String... names) {
    for (String name : names) {
      all.put(name, patterns);
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
    return new Sequence(List.copyOf(steps));
  }
}
