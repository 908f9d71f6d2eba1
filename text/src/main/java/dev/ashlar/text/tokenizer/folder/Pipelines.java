package dev.ashlar.text.tokenizer.folder;

import static dev.ashlar.text.tokenizer.folder.Components.MARK;
import static dev.ashlar.text.tokenizer.folder.Components.byteLevel;
import static dev.ashlar.text.tokenizer.folder.Components.isolate;
import static dev.ashlar.text.tokenizer.folder.Components.metaspace;
import static dev.ashlar.text.tokenizer.folder.Components.of;
import static dev.ashlar.text.tokenizer.folder.Components.replace;
import static dev.ashlar.text.tokenizer.folder.Components.sequence;
import static dev.ashlar.text.tokenizer.folder.Components.stripFirstSpace;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** The pipelines that transformers' classes build around a vocabulary. */
final class Pipelines {
  private static final String QWEN2 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN35 =
      QWEN2.replace("?\\p{L}+", "?[\\p{L}\\p{M}]+").replace(" ?[^\\s\\p{L}", " ?[^\\s\\p{L}\\p{M}");

  private final SideFiles side;
  private final Map<String, SideToken> named;
  private final String charsMap;
  private final Map<String, Object> document = new LinkedHashMap<>();
  private Map<String, Object> model;

  /**
   * Builds for one folder.
   *
   * @param named tokens by their role
   * @param charsMap sentencepiece's character map in base64, or null
   */
  Pipelines(SideFiles side, Map<String, SideToken> named, String charsMap) {
    this.side = side;
    this.named = named;
    this.charsMap = charsMap;
  }

  /**
   * A {@code tokenizer.json} without added tokens and post-processor.
   *
   * @param vocabulary the members of the model that hold it
   * @throws IllegalArgumentException if the class builds none
   */
  Map<String, Object> document(TokenizerClass kind, Map<String, Object> vocabulary) {
    switch (kind) {
      case LLAMA -> llama();
      case CODE_LLAMA -> codeLlama();
      case GEMMA -> gemma();
      case QWEN2 -> splitBytes(QWEN2);
      case QWEN35 -> splitBytes(QWEN35);
      case GPT2, CODEGEN, ROBERTA -> bytes(null);
      case GPT_NEOX -> bytes(of("NFC"));
      case COHERE -> cohere();
      case BERT -> bert();
      case T5 -> words(true, null);
      case XLM_ROBERTA -> words(prefixSpace(true), null);
      case ALBERT -> words(prefixSpace(true), albertNormalizer());
      case GENERIC, OTHER -> throw new IllegalArgumentException(kind + " builds no pipeline");
    }
    model.putAll(vocabulary);
    settleUnknown(kind);
    return document;
  }

  private void put(
      Object normalizer, Object preTokenizer, Object decoder, Map<String, Object> bare) {
    model = bare;
    document.put("normalizer", normalizer);
    document.put("pre_tokenizer", preTokenizer);
    document.put("decoder", decoder);
    document.put("model", model);
  }

  /**
   * The token of unknown characters, once the vocabulary is there: classes over scored tokens fix
   * its id, and where all bytes are tokens it may be absent.
   */
  private void settleUnknown(TokenizerClass kind) {
    switch (kind) {
      case GEMMA, CODE_LLAMA -> {
        Vocabulary vocab = Vocabulary.of(new Node("", "vocab", model.get("vocab")));
        boolean bytes =
            IntStream.range(0, 256)
                .allMatch(b -> vocab.id(String.format(Locale.ROOT, "<0x%02X>", b)) >= 0);
        if (bytes && model.get("unk_token") instanceof String t && vocab.id(t) < 0) {
          model.remove("unk_token");
        }
      }
      case T5 -> model.put("unk_id", 2L);
      case XLM_ROBERTA -> model.put("unk_id", 3L);
      case ALBERT -> model.put("unk_id", 1L);
      default -> {}
    }
  }

  private boolean prefixSpace(boolean otherwise) {
    return side.flag("add_prefix_space", otherwise);
  }

  private String unknown() {
    SideToken token = named.get("unk_token");
    return token == null ? null : token.content();
  }

  private static List<Object> unmark() {
    return new ArrayList<>(List.of(replace(MARK, " "), of("ByteFallback"), of("Fuse")));
  }

  private static Map<String, Object> fallback() {
    return of("BPE", "fuse_unk", true, "byte_fallback", true);
  }

  private void llama() {
    boolean prefix = prefixSpace(true);
    String scheme = !prefix ? "never" : side.flag("legacy", false) ? "always" : "first";
    List<Object> decoders = unmark();
    if (prefix) {
      decoders.add(stripFirstSpace());
    }
    // Characters without a token and without bytes are left out: this class names no unknown one.
    put(null, metaspace(scheme, false), sequence("decoders", decoders), fallback());
  }

  private void codeLlama() {
    List<Object> decoders = unmark();
    decoders.add(stripFirstSpace());
    Map<String, Object> bare = fallback();
    bare.put("unk_token", unknown());
    String scheme = prefixSpace(true) ? "first" : "never";
    put(null, metaspace(scheme, false), sequence("decoders", decoders), bare);
  }

  private void gemma() {
    Map<String, Object> bare = fallback();
    bare.put("unk_token", unknown());
    Object split =
        of(
            "Split",
            "pattern",
            Map.of("String", " "),
            "behavior",
            "MergedWithPrevious",
            "invert",
            false);
    put(replace(" ", MARK), split, sequence("decoders", unmark()), bare);
  }

  private void splitBytes(String pattern) {
    Object split =
        sequence("pretokenizers", List.of(isolate(pattern), byteLevel(prefixSpace(false), false)));
    put(of("NFC"), split, byteLevel(true, true), of("BPE"));
  }

  private void bytes(Object normalizer) {
    put(normalizer, byteLevel(prefixSpace(false), true), byteLevel(true, true), of("BPE"));
  }

  private void cohere() {
    boolean prefix = prefixSpace(false);
    Object split =
        sequence(
            "pretokenizers",
            List.of(of("Digits", "individual_digits", true), byteLevel(prefix, true)));
    put(of("NFC"), split, byteLevel(prefix, true), of("BPE"));
  }

  private void bert() {
    boolean lower = side.flag("do_lower_case", true);
    Object normalizer =
        of(
            "BertNormalizer",
            "clean_text",
            true,
            "handle_chinese_chars",
            side.flag("tokenize_chinese_chars", true),
            "strip_accents",
            side.flag("strip_accents", lower),
            "lowercase",
            lower);
    Map<String, Object> bare =
        of(
            "WordPiece",
            "unk_token",
            unknown(),
            "continuing_subword_prefix",
            "##",
            "max_input_chars_per_word",
            100L);
    put(normalizer, of("BertPreTokenizer"), of("WordPiece", "prefix", "##", "cleanup", true), bare);
  }

  /** Words between white space, each with a mark in front. */
  private void words(boolean prefix, Object normalizer) {
    String scheme = prefix ? "always" : "never";
    Object usual = charsMap == null ? null : Components.precompiled(charsMap);
    Object pre = sequence("pretokenizers", List.of(of("WhitespaceSplit"), metaspace(scheme, true)));
    put(
        normalizer == null ? usual : normalizer,
        pre,
        metaspace(scheme, true),
        of("Unigram", "byte_fallback", false));
  }

  private Object albertNormalizer() {
    List<Object> steps = new ArrayList<>(List.of(replace("``", "\""), replace("''", "\"")));
    if (!side.flag("keep_accents", false)) {
      steps.add(of("NFKD"));
      steps.add(of("StripAccents"));
    }
    if (side.flag("do_lower_case", true)) {
      steps.add(of("Lowercase"));
    }
    if (charsMap != null) {
      steps.add(Components.precompiled(charsMap));
    }
    return sequence("normalizers", steps);
  }
}
