package dev.ashlar.nn.architecture;

import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.WeightSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The language part of a model that also sees: a decoder of another family, described in a section
 * of the configuration and named with another prefix. The other parts are not read.
 */
final class TextPart implements Architecture {
  private static final String SECTION = "text_config";
  private static final String TIED = "tie_word_embeddings";

  /** What Gemma 3 configurations leave out where it is the same as in the 4B model. */
  private static final Map<String, Object> GEMMA3 =
      Map.of(
          "vocab_size", 262_208,
          "num_attention_heads", 8,
          "num_key_value_heads", 4,
          "head_dim", 256,
          "sliding_window", 4096);

  /** What replaces {@code model.} and {@code lm_head} in the ways these models are written. */
  private record Names(String model, String head) {}

  private static final List<Names> NAMES =
      List.of(
          new Names("model.language_model.", "lm_head"),
          new Names("language_model.model.", "language_model.lm_head"),
          new Names("model.", "lm_head"),
          new Names("language_model.", "lm_head"));

  private final String modelType;
  private final String usual;

  /**
   * @param modelType of the whole
   * @param usual family of the language part where the configuration does not name a known one
   */
  TextPart(String modelType, String usual) {
    this.modelType = modelType;
    this.usual = usual;
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    Map<String, Object> text = new HashMap<>();
    if (usual.equals("gemma3_text")) {
      text.putAll(GEMMA3);
    }
    Config whole = new Config(config, source);
    text.putAll(whole.has(SECTION) ? whole.map(SECTION) : config);
    text.putIfAbsent(TIED, config.get(TIED));
    DecoderSpec spec = family(text, whole, source).spec(text, source);
    Names names = names(spec, source);
    return spec.renamed(
        name ->
            name.startsWith(spec.prefix())
                ? names.model() + name.substring(spec.prefix().length())
                : name.replace("lm_head", names.head()));
  }

  private Architecture family(Map<String, Object> text, Config whole, WeightSource source) {
    String inner = whole.has(SECTION) ? new Config(text, source).text("model_type", usual) : usual;
    // The newer configurations call the part qwen2_vl_text: the usual family without its eyes.
    String known = inner.startsWith(modelType) ? usual : inner;
    return Architectures.find(known)
        .filter(a -> !(a instanceof TextPart))
        .orElseThrow(
            () ->
                whole.fault(
                    SECTION + ".model_type",
                    "a supported architecture of text models",
                    Config.describe(inner),
                    ""));
  }

  private static Names names(DecoderSpec spec, WeightSource source) {
    String table = spec.embedding().name().substring(spec.prefix().length()) + ".weight";
    return NAMES.stream()
        .filter(n -> source.find(n.model() + table).isPresent())
        .findFirst()
        .orElse(NAMES.get(2));
  }
}
