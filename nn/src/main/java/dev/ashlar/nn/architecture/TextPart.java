package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.HeadSpec;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The language part of a model that also sees or hears: a decoder of another family, described in a
 * section of the configuration (or, as Phi 3 Vision has it, beside everything else) and named with
 * another prefix. The other parts are not read.
 */
final class TextPart implements Architecture {
  private static final String TIED = "tie_word_embeddings";

  /** What Gemma 3 configurations leave out where it is the same as in the 4B model. */
  private static final Map<String, Object> GEMMA3 =
      Map.of(
          "vocab_size", 262_208,
          "num_attention_heads", 8,
          "num_key_value_heads", 4,
          "head_dim", 256,
          "sliding_window", 4096);

  /**
   * What published sections leave out because it is the peers' default for the family; whole
   * configurations state all of it.
   */
  private static final Map<String, Map<String, Object>> DEFAULTS =
      Map.of(
          "llama", sizes(32_000, 4096, 11_008, 32, 2048),
          "mistral", sizes(32_000, 4096, 14_336, 8, 131_072),
          "qwen2", sizes(151_936, 4096, 22_016, 32, 32_768),
          "gemma3_text", GEMMA3);

  private static Map<String, Object> sizes(
      int vocab, int dim, int hidden, int kvHeads, int positions) {
    return Map.of(
        "vocab_size", vocab,
        "hidden_size", dim,
        "intermediate_size", hidden,
        "num_hidden_layers", 32,
        "num_attention_heads", 32,
        "num_key_value_heads", kvHeads,
        "max_position_embeddings", positions);
  }

  /** What replaces {@code model.} and {@code lm_head} in the ways these models are written. */
  private record Names(String model, String head) {}

  private static final List<Names> NAMES =
      List.of(
          new Names("model.language_model.", "lm_head"),
          new Names("model.text_model.", "lm_head"),
          new Names("language_model.model.", "language_model.lm_head"),
          new Names("model.", "lm_head"),
          new Names("language_model.", "lm_head"));

  /** Whose classes in transformers 5 have another name for the part than all others. */
  private static final Set<String> TEXT_MODELS = Set.of("idefics3", "smolvlm");

  /** Whose classes come with the model, which name modules as the files name tensors. */
  private static final Set<String> OWN_CODE = Set.of("internvl_chat", "phi3_v");

  /** What the language parts of Qwen 2 and 2.5 VL take for keys that are left out. */
  static final Map<String, Object> QWEN2_VL =
      Map.of(
          "num_key_value_heads",
          8,
          "rms_norm_eps",
          1e-5,
          "rope_theta",
          1_000_000.0,
          "max_window_layers",
          80);

  /** The same of Qwen 3 VL. */
  static final Map<String, Object> QWEN3_VL =
      Map.of("max_position_embeddings", 128_000, "rope_theta", 500_000.0);

  private final String modelType;
  private final String usual;
  private final Map<String, Object> defaults;

  /**
   * @param modelType of the whole
   * @param usual family of the language part where the configuration does not name a known one
   */
  TextPart(String modelType, String usual) {
    this(modelType, usual, Map.of());
  }

  /**
   * @param defaults of a part that does not name a known family, where they are not that family's
   */
  TextPart(String modelType, String usual, Map<String, Object> defaults) {
    this.modelType = modelType;
    this.usual = usual;
    this.defaults = defaults;
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public String loaded(String name) {
    if (OWN_CODE.contains(modelType)) {
      return name;
    }
    Names loaded = NAMES.get(TEXT_MODELS.contains(modelType) ? 1 : 0);
    for (Names n : NAMES) {
      if (name.equals(n.head()) || name.startsWith(n.head() + ".")) {
        return loaded.head() + name.substring(n.head().length());
      }
      if (name.startsWith(n.model())) {
        return loaded.model() + name.substring(n.model().length());
      }
    }
    return name;
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    Config whole = new Config(config, source);
    String section = ConfigNames.SECTIONS.stream().filter(whole::has).findFirst().orElse("");
    Map<String, Object> own = section.isEmpty() ? config : whole.map(section);
    String inner = section.isEmpty() ? usual : new Config(own, source).text("model_type", usual);
    // The newer configurations call the part qwen2_vl_text: the usual family without its eyes.
    boolean unnamed =
        section.isEmpty() || inner.startsWith(modelType) || !own.containsKey("model_type");
    Architecture family = family(unnamed ? usual : inner, section, whole);
    Map<String, Object> text = new HashMap<>();
    if (unnamed) {
      text.putAll(defaults);
    }
    if (!section.isEmpty() && !own.containsKey("num_attention_heads")) {
      text.putAll(DEFAULTS.getOrDefault(family.modelType(), Map.of()));
    }
    text.putAll(own);
    text.putIfAbsent(TIED, config.get(TIED));
    return tied(
        StoredSizes.spec(values -> named(family.spec(values, source), source), text, source),
        source);
  }

  /** In the names that the source has. */
  private static DecoderSpec named(DecoderSpec spec, WeightSource source) {
    Names names = names(spec, source);
    return spec.renamed(
        name ->
            name.startsWith(spec.prefix())
                ? names.model() + name.substring(spec.prefix().length())
                : name.replace("lm_head", names.head()));
  }

  /** Whole and section may contradict each other on whether the head is tied; the file decides. */
  private static DecoderSpec tied(DecoderSpec spec, WeightSource source) {
    HeadSpec head = spec.head();
    String module = head.output().name();
    boolean stored =
        source.find(module + ".weight").isPresent() || source.quantizedNames().contains(module);
    return head.tied() || stored ? spec : spec.withHead(head.withTied(true));
  }

  private static Architecture family(String name, String section, Config whole) {
    return Architectures.find(name)
        .filter(a -> !(a instanceof TextPart))
        .orElseThrow(
            () ->
                whole.fault(
                    section + ".model_type",
                    "a supported architecture of text models",
                    Config.describe(name),
                    ""));
  }

  private static Names names(DecoderSpec spec, WeightSource source) {
    String table = spec.embedding().name().substring(spec.prefix().length()) + ".weight";
    // A tied model may hold only the head: then the first block shows the names.
    String block = spec.blocks().getFirst().name().substring(spec.prefix().length()) + ".";
    return NAMES.stream()
        .filter(n -> source.find(n.model() + table).isPresent())
        .findFirst()
        .or(
            () ->
                NAMES.stream()
                    .filter(
                        n -> source.names().stream().anyMatch(t -> t.startsWith(n.model() + block)))
                    .findFirst())
        .orElse(NAMES.get(2));
  }
}
