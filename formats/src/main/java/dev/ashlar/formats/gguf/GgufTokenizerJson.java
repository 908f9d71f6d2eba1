package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.split.GgufSplits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Builds a {@code tokenizer.json}, as Hugging Face writes it, from the tokenizer in GGUF metadata.
 *
 * <p>{@code gpt2} is byte-level BPE: merges and vocabulary are there, and the pre-tokenizer is
 * called by name. {@code llama} is SentencePiece BPE, which has scores in place of merges: every
 * split of a token into two tokens is a merge, in order of the score of the whole.
 */
final class GgufTokenizerJson {
  private static final long UNKNOWN = 2;
  private static final long CONTROL = 3;
  private static final long USER_DEFINED = 4;
  private static final String SPACE = "▁";

  /** Byte-level kinds whose text begins with the opening token unless the file says otherwise. */
  private static final Set<String> OPENED = Set.of("llama3", "llama-v3", "llama-bpe", "tekken");

  /** Byte-level kinds that compose characters first. */
  private static final Set<String> COMPOSED = Set.of("qwen2", "qwen35", "deepseek-r1-qwen");

  private final GgufFields fields;
  private final String kind;
  private final String pre;
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, Object> vocabulary = new LinkedHashMap<>();

  GgufTokenizerJson(GgufFields fields) {
    this.fields = fields;
    this.kind = fields.text(key("model"), "");
    this.pre = fields.text(key("pre"), "default");
    for (Object token : fields.list(key("tokens"))) {
      String text = (String) token; // GgufChecks has seen to that
      Object other = vocabulary.put(text, (long) tokens.size());
      if (other != null) {
        throw fields.fault(
            key("tokens"), "each token once", "ids " + other + " and " + tokens.size());
      }
      tokens.add(text);
    }
  }

  private static String key(String name) {
    return "tokenizer.ggml." + name;
  }

  private boolean sentencePiece() {
    return kind.equals("llama");
  }

  /** Whether text begins with the opening token. */
  boolean opens() {
    return fields.flag(key("add_bos_token"), sentencePiece() || OPENED.contains(pre));
  }

  /** Whether text ends with the closing token. */
  boolean ends() {
    return fields.flag(key("add_eos_token"), false);
  }

  /** The document. */
  Map<String, Object> build() {
    if (!kind.equals("gpt2") && !sentencePiece()) {
      throw fields.fault(key("model"), "gpt2 or llama", "\"" + kind + "\"");
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("truncation", null);
    json.put("padding", null);
    json.put("added_tokens", addedTokens());
    if (sentencePiece()) {
      boolean prefix = fields.flag(key("add_space_prefix"), true);
      json.put("normalizer", spacesMarked(prefix));
      json.put("pre_tokenizer", null);
      json.put("post_processor", around());
      json.put("decoder", spacesUnmarked(prefix));
      json.put("model", model(mergesOfScores(), false));
    } else {
      json.put("normalizer", COMPOSED.contains(pre) ? Map.of("type", "NFC") : null);
      json.put("pre_tokenizer", preTokenizer());
      json.put("post_processor", around());
      json.put("decoder", byteLevel(true, true));
      json.put("model", model(merges(), OPENED.contains(pre)));
    }
    return json;
  }

  private List<Object> addedTokens() {
    List<?> types = fields.list(key("token_type"));
    List<Object> added = new ArrayList<>();
    for (int id = 0; id < types.size(); id++) {
      long type = types.get(id) instanceof Long t ? t : 0;
      boolean special = type == CONTROL || type == UNKNOWN;
      if ((special || type == USER_DEFINED) && !tokens.get(id).isEmpty()) {
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("id", (long) id);
        token.put("content", tokens.get(id));
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
          token.put(flag, false);
        }
        token.put("special", special);
        added.add(token);
      }
    }
    return added;
  }

  private Map<String, Object> model(List<List<String>> merges, boolean ignoreMerges) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("dropout", null);
    OptionalLong unknown = fields.token("unknown");
    boolean has = sentencePiece() && unknown.isPresent();
    model.put("unk_token", has ? tokens.get((int) unknown.getAsLong()) : null);
    model.put("continuing_subword_prefix", null);
    model.put("end_of_word_suffix", null);
    model.put("fuse_unk", sentencePiece());
    model.put("byte_fallback", sentencePiece());
    model.put("ignore_merges", ignoreMerges);
    model.put("vocab", vocabulary);
    model.put("merges", merges);
    return model;
  }

  private List<List<String>> merges() {
    List<List<String>> merges = new ArrayList<>();
    for (Object entry : fields.list(key("merges"))) {
      // The first character may itself stand for a space only in kinds that are not byte-level.
      int space = entry instanceof String text ? text.indexOf(' ') : -1;
      if (space < 1 || ((String) entry).indexOf(' ', space + 1) >= 0) {
        throw fields.fault(key("merges"), "two tokens and a space between", String.valueOf(entry));
      }
      merges.add(Arrays.asList(((String) entry).split(" ", 2)));
    }
    return merges;
  }

  private record Merge(String left, String right, float score) {}

  private List<List<String>> mergesOfScores() {
    List<?> scores = fields.list(key("scores"));
    if (scores.size() != tokens.size()) {
      throw fields.fault(key("scores"), tokens.size() + " scores", scores.size() + "");
    }
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (!(scores.get(id) instanceof Number score) || Float.isNaN(score.floatValue())) {
        throw fields.fault(key("scores"), "numbers", String.valueOf(scores.get(id)));
      }
      String token = tokens.get(id);
      for (int cut = 1; cut < token.length(); cut++) {
        String left = token.substring(0, cut);
        String right = token.substring(cut);
        if (vocabulary.containsKey(left) && vocabulary.containsKey(right)) {
          merges.add(new Merge(left, right, score.floatValue()));
        }
      }
    }
    // Stable: merges of one score stay in the order of ids and cuts, as in converted files.
    merges.sort(Comparator.comparing(Merge::score, Comparator.reverseOrder()));
    return merges.stream().map(m -> List.of(m.left(), m.right())).toList();
  }

  private Map<String, Object> preTokenizer() {
    List<String> patterns =
        GgufSplits.patterns(pre)
            .orElseThrow(
                () ->
                    InputException.in(fields.file())
                        .place(key("pre"))
                        .problem("the pre-tokenizer \"" + pre + "\" is not supported")
                        .exception());
    // The pattern of GPT-2 is built into the byte-level step.
    boolean builtIn = patterns.getLast().equals(GgufSplits.BYTE_LEVEL);
    Map<String, Object> last = byteLevel(false, builtIn);
    List<Object> steps = new ArrayList<>();
    for (String pattern : builtIn ? patterns.subList(0, patterns.size() - 1) : patterns) {
      Map<String, Object> step = new LinkedHashMap<>();
      step.put("type", "Split");
      step.put("pattern", Map.of("Regex", pattern));
      step.put("behavior", "Isolated");
      step.put("invert", false);
      steps.add(step);
    }
    if (steps.isEmpty()) {
      return last;
    }
    steps.add(last);
    return ordered("type", "Sequence", "pretokenizers", steps);
  }

  private static Map<String, Object> byteLevel(boolean prefixSpace, boolean regex) {
    return ordered(
        "type",
        "ByteLevel",
        "add_prefix_space",
        prefixSpace,
        "trim_offsets",
        true,
        "use_regex",
        regex);
  }

  /** The template that puts opening and closing tokens around text; null if there are none. */
  private Map<String, Object> around() {
    List<Object> single = new ArrayList<>();
    List<Object> pair = new ArrayList<>();
    Map<String, Object> special = new LinkedHashMap<>();
    OptionalLong bos = opens() ? id("bos", 1) : OptionalLong.empty();
    OptionalLong eos = ends() ? id("eos", 2) : OptionalLong.empty();
    for (long sequence = 0; sequence < 2; sequence++) {
      List<Object> part = new ArrayList<>();
      bos.ifPresent(id -> part.add(tokens.get((int) id)));
      part.add(null);
      eos.ifPresent(id -> part.add(tokens.get((int) id)));
      for (Object token : part) {
        Object name = token == null ? (sequence == 0 ? "A" : "B") : token;
        Map<String, Object> piece =
            Map.of(
                token == null ? "Sequence" : "SpecialToken",
                ordered("id", name, "type_id", sequence));
        pair.add(piece);
        if (sequence == 0) {
          single.add(piece);
        }
      }
    }
    if (bos.isEmpty() && eos.isEmpty()) {
      return null;
    }
    bos.ifPresent(id -> special.put(tokens.get((int) id), specialToken(id)));
    eos.ifPresent(id -> special.put(tokens.get((int) id), specialToken(id)));
    return ordered(
        "type", "TemplateProcessing", "single", single, "pair", pair, "special_tokens", special);
  }

  private OptionalLong id(String name, long sentencePieceDefault) {
    OptionalLong id = fields.token(name);
    return id.isEmpty() && sentencePiece() && sentencePieceDefault < tokens.size()
        ? OptionalLong.of(sentencePieceDefault)
        : id;
  }

  private Map<String, Object> specialToken(long id) {
    String token = tokens.get((int) id);
    return ordered("id", token, "ids", List.of(id), "tokens", List.of(token));
  }

  private static Map<String, Object> spacesMarked(boolean prefix) {
    Map<String, Object> mark =
        ordered("type", "Replace", "pattern", Map.of("String", " "), "content", SPACE);
    return prefix
        ? ordered(
            "type",
            "Sequence",
            "normalizers",
            List.of(ordered("type", "Prepend", "prepend", SPACE), mark))
        : mark;
  }

  private static Map<String, Object> spacesUnmarked(boolean prefix) {
    List<Object> steps = new ArrayList<>();
    steps.add(ordered("type", "Replace", "pattern", Map.of("String", SPACE), "content", " "));
    steps.add(Map.of("type", "ByteFallback"));
    steps.add(Map.of("type", "Fuse"));
    if (prefix) {
      steps.add(ordered("type", "Strip", "content", " ", "start", 1L, "stop", 0L));
    }
    return ordered("type", "Sequence", "decoders", steps);
  }

  /** A map of keys and values in this order. */
  private static Map<String, Object> ordered(Object... entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put((String) entries[i], entries[i + 1]);
    }
    return map;
  }
}
