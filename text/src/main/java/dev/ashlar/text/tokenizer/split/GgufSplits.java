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

  /** The letters that DeepSeek LLM's tokenizer lists one by one. */
  private static final String DEEPSEEK_LETTERS =
      "A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF"
          + "\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F"
          + "\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481"
          + "\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD"
          + "\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A"
          + "\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59"
          + "\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4"
          + "\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4"
          + "\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126"
          + "\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E"
          + "\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3"
          + "\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E"
          + "\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A"
          + "\uD801\uDC00-\uD801\uDC4F\uD801\uDCB0-\uD801\uDCD3"
          + "\uD801\uDCD8-\uD801\uDCFB\uD803\uDC80-\uD803\uDCB2"
          + "\uD803\uDCC0-\uD803\uDCF2\uD806\uDCA0-\uD806\uDCDF"
          + "\uD83A\uDD00-\uD83A\uDD43";

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
    put(
        all,
        "deepseek-llm",
        "[\r\n]",
        "\\s?[" + DEEPSEEK_LETTERS + "]+",
        "\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+",
        "\\s+$",
        cjk,
        "\\p{N}+");
    put(
        all,
        "seed-coder",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
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
