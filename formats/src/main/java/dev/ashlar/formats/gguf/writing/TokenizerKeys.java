package dev.ashlar.formats.gguf.writing;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import dev.ashlar.text.TokenizerSource;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import dev.ashlar.text.tokenizer.folder.Description;
import dev.ashlar.text.tokenizer.folder.TokenizerFolder;
import dev.ashlar.text.tokenizer.split.GgufSplits;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A tokenizer in the words of GGUF metadata: what {@code GgufTokenizerJson} reads, from a {@code
 * tokenizer.json}; of a source that is a GGUF file itself, its own keys.
 *
 * <p>Byte-level BPE has its merges; BPE of SentencePiece has scores instead, which are made so that
 * the merges come in the same order. What GGUF has no word for is {@link Result#missing}.
 */
public final class TokenizerKeys {
  private static final String GGML = "tokenizer.ggml.";

  /** No tokenizer; without the key, llama.cpp opens no file. */
  private static final Map<String, Object> NONE = Map.of(GGML + "model", "none");

  private static final String TEMPLATE = "tokenizer.chat_template";
  private static final String SPACE = "▁";
  private static final String GPT2_STEP = "ByteLevel";

  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  /** Cuts that tell pre-tokenizers apart. */
  private static final String PROBE =
      "Hello World, it's 1234567 o'clock\u2026 I'VE  done\tthat!\n\n\n  x = y_z[10]; naïve "
          + "ＡＢ 北京大学 привет 😀👍🏽 e\u0301 don't we'll  \r\n\r\n 3.14%  ";

  /**
   * Keys and values as {@link GgufWriter#put} takes them.
   *
   * @param missing what could not be said, in one sentence; empty if nothing
   */
  public record Result(Map<String, Object> keys, Optional<String> missing) {}

  private final Description description;
  private final Map<?, ?> document;
  private final Map<?, ?> model;
  private final Map<String, Object> keys = new LinkedHashMap<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private String[] tokens;
  private int[] types;

  private TokenizerKeys(Description description) {
    this.description = description;
    this.document = description.document();
    this.model = document.get("model") instanceof Map<?, ?> map ? map : Map.of();
  }

  /**
   * The tokenizer of a checkpoint.
   *
   * @param rows of the embedding: tokens that there are
   * @param ends ids of tokens that end an answer, from the settings for generating
   * @throws InputException if its files are faulty
   */
  public static Result of(TokenizerSource source, int rows, List<Long> ends) {
    Result result =
        switch (source) {
          case TokenizerSource.Metadata m -> copied(m.values());
          case TokenizerSource.Folder f -> folder(f, rows, ends);
        };
    return result;
  }

  private static Result copied(Map<String, Object> metadata) {
    if (!metadata.containsKey(GGML + "model")) {
      return new Result(
          NONE,
          Optional.of("the file that this one is made of has no tokenizer, nor has this one"));
    }
    Map<String, Object> keys = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (key.startsWith("tokenizer.") && !(value instanceof java.math.BigInteger)) {
            keys.put(key, key.equals(GGML + "token_type") ? signed(value) : value);
          }
        });
    return new Result(keys, Optional.empty());
  }

  private static Object signed(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(n -> (Object) ((Number) n).intValue()).toList()
        : value;
  }

  private static Result folder(TokenizerSource.Folder source, int rows, List<Long> ends) {
    Description description;
    try {
      description = TokenizerFolder.read(source.folder());
    } catch (InputException e) {
      if (Files.exists(source.folder().resolve("tokenizer.json"))) {
        // What a file would be made of is damaged; without it none can be made of what is there.
        throw e;
      }
      return none("there is no tokenizer that can be read (" + e.getMessage() + ")");
    }
    TokenizerKeys keys = new TokenizerKeys(description);
    Optional<String> refusal = keys.refusal();
    if (refusal.isPresent()) {
      return none(refusal.get());
    }
    keys.vocabulary(rows);
    Optional<String> missing = keys.isByteLevel() ? keys.byteLevel() : keys.sentencePiece();
    keys.special(ends);
    keys.template(source);
    return new Result(keys.keys, missing.or(() -> keys.probe(source)));
  }

  private static Result none(String reason) {
    String sentence = "GGUF has no words for the tokenizer: " + reason;
    return new Result(NONE, Optional.of(sentence));
  }

  private Optional<String> refusal() {
    Object type = model.get("type");
    if (type != null && !type.equals("BPE")) {
      return Optional.of("it is a " + type + " one, and only BPE can be written");
    }
    boolean bytes = Boolean.TRUE.equals(model.get("byte_fallback"));
    return isByteLevel() || bytes || marksSpaces(document.get("normalizer"))
        ? Optional.empty()
        : Optional.of("its BPE is neither byte-level nor SentencePiece's");
  }

  private boolean isByteLevel() {
    return contains(document.get("pre_tokenizer"), GPT2_STEP)
        || contains(document.get("decoder"), GPT2_STEP);
  }

  /** Whether a component, or one inside, is of that type. */
  private static boolean contains(Object component, String type) {
    return switch (component) {
      case Map<?, ?> map ->
          type.equals(map.get("type")) || map.values().stream().anyMatch(v -> contains(v, type));
      case List<?> list -> list.stream().anyMatch(v -> contains(v, type));
      case null -> false;
      default -> false;
    };
  }

  private static boolean marksSpaces(Object normalizer) {
    return normalizer != null && normalizer.toString().contains(SPACE);
  }

  private void vocabulary(int rows) {
    tokens = new String[rows];
    types = new int[rows];
    Arrays.fill(types, UNUSED);
    if (model.get("vocab") instanceof Map<?, ?> vocab) {
      vocab.forEach((token, id) -> token((String) token, id, NORMAL));
    }
    if (document.get("added_tokens") instanceof List<?> added) {
      for (Object entry : added) {
        if (entry instanceof Map<?, ?> map && map.get("content") instanceof String content) {
          boolean special = Boolean.TRUE.equals(map.get("special"));
          token(content, map.get("id"), special ? CONTROL : USER_DEFINED);
        }
      }
    }
    if (!isByteLevel() && model.get("unk_token") instanceof String unknown) {
      token(unknown, (long) ids.getOrDefault(unknown, -1), UNKNOWN);
    }
    for (int i = 0; i < rows; i++) {
      boolean hex = !isByteLevel() && tokens[i] != null && tokens[i].matches("<0x[0-9A-F]{2}>");
      types[i] = hex && types[i] == NORMAL ? BYTE : types[i];
      // Rows beyond the vocabulary get names that no text has.
      tokens[i] = tokens[i] == null ? "[PAD" + i + "]" : tokens[i];
    }
    keys.put(GGML + "model", isByteLevel() ? "gpt2" : "llama");
    keys.put(GGML + "tokens", List.of(tokens));
    keys.put(GGML + "token_type", Arrays.stream(types).boxed().toList());
  }

  private void token(String content, Object id, int type) {
    if (id instanceof Number n && n.longValue() >= 0 && n.longValue() < tokens.length) {
      tokens[n.intValue()] = content;
      types[n.intValue()] = type;
      ids.put(content, n.intValue());
    }
  }

  private List<String[]> merges() {
    List<String[]> merges = new ArrayList<>();
    if (model.get("merges") instanceof List<?> list) {
      for (Object merge : list) {
        String[] parts = parts(merge);
        if (parts.length != 2) {
          throw InputException.in(description.file())
              .place("model.merges")
              .expected("two tokens in each merge")
              .found(Json.describe(merge) + " at " + merges.size())
              .hint("download the tokenizer again")
              .exception();
        }
        merges.add(parts);
      }
    }
    return merges;
  }

  /** Two, if it is a merge. */
  private static String[] parts(Object merge) {
    if (merge instanceof List<?> pair) {
      boolean texts = pair.stream().allMatch(String.class::isInstance);
      return texts ? pair.toArray(String[]::new) : new String[0];
    }
    return merge instanceof String text ? text.split(" ", 2) : new String[0];
  }

  /** Merges and the name of the pre-tokenizer. */
  private Optional<String> byteLevel() {
    keys.put(GGML + "merges", merges().stream().map(m -> m[0] + " " + m[1]).toList());
    boolean composed = contains(document.get("normalizer"), "NFC");
    boolean whole = Boolean.TRUE.equals(model.get("ignore_merges"));
    List<String> patterns = new ArrayList<>();
    patterns(document.get("pre_tokenizer"), patterns);
    Optional<String> name = GgufSplits.name(patterns, composed, whole);
    keys.put(GGML + "pre", name.orElse("default"));
    return name.isPresent()
        ? Optional.empty()
        : Optional.of(
            "GGUF has no name for how the tokenizer cuts text before it merges; \"default\" is"
                + " written, which may give other tokens");
  }

  /** The patterns that cut text, in turn. */
  private static void patterns(Object step, List<String> to) {
    if (!(step instanceof Map<?, ?> map)) {
      return;
    }
    switch (String.valueOf(map.get("type"))) {
      case "Sequence" -> {
        if (map.get("pretokenizers") instanceof List<?> steps) {
          steps.forEach(s -> patterns(s, to));
        }
      }
      case "Split" -> {
        if (map.get("pattern") instanceof Map<?, ?> pattern) {
          to.add(String.valueOf(pattern.get("Regex")));
        }
      }
      case "Digits" -> to.add(Boolean.TRUE.equals(map.get("individual_digits")) ? "\\p{N}" : "?");
      case GPT2_STEP -> {
        if (!Boolean.FALSE.equals(map.get("use_regex"))) {
          to.add(GgufSplits.BYTE_LEVEL);
        }
      }
      default -> to.add("?");
    }
  }

  /** Scores in the order of the merges that make the tokens. */
  private Optional<String> sentencePiece() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    List<String[]> merges = merges();
    for (int r = 0; r < merges.size(); r++) {
      ranks.putIfAbsent(merges.get(r)[0] + merges.get(r)[1], r);
    }
    List<Float> scores = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      int otherwise = types[i] == NORMAL ? merges.size() + i : 0;
      scores.add(-(float) ranks.getOrDefault(tokens[i], otherwise));
    }
    keys.put(GGML + "scores", scores);
    Object pre = document.get("pre_tokenizer");
    boolean prefix =
        contains(document.get("normalizer"), "Prepend")
            || contains(pre, "Metaspace") && !String.valueOf(pre).contains("never");
    keys.put(GGML + "add_space_prefix", prefix);
    return Optional.empty();
  }

  private void special(List<Long> ends) {
    Map<String, String> named = description.tokens();
    List<String> before = new ArrayList<>();
    List<String> after = new ArrayList<>();
    around(document.get("post_processor"), before, after);
    // Without files beside it, a tokenizer names its tokens only by where it puts them.
    Optional<Integer> bos = put("bos", named.getOrDefault("bos_token", first(before)));
    Optional<Integer> eos = put("eos", named.getOrDefault("eos_token", first(after)));
    put("unknown", isByteLevel() ? null : named.get("unk_token"));
    put("padding", named.get("pad_token"));
    keys.put(GGML + "add_bos_token", bos.isPresent() && before.contains(tokens[bos.get()]));
    keys.put(GGML + "add_eos_token", eos.isPresent() && after.contains(tokens[eos.get()]));
    // An answer may end with another token than a text.
    ends.stream()
        .filter(
            id -> id >= 0 && id < tokens.length && !eos.map(e -> (long) e).equals(Optional.of(id)))
        .findFirst()
        .ifPresent(
            id -> keys.put(eos.isPresent() ? GGML + "eot_token_id" : GGML + "eos_token_id", id));
  }

  private static String first(List<String> tokens) {
    return tokens.isEmpty() ? null : tokens.getFirst();
  }

  private Optional<Integer> put(String kind, String token) {
    Optional<Integer> id = Optional.ofNullable(token).map(ids::get);
    id.ifPresent(i -> keys.put(GGML + kind + "_token_id", (long) i));
    return id;
  }

  /** The tokens that a template puts before and behind a single text. */
  private static void around(Object processor, List<String> before, List<String> after) {
    if (!(processor instanceof Map<?, ?> map)) {
      return;
    }
    if (map.get("processors") instanceof List<?> list) {
      list.forEach(p -> around(p, before, after));
    }
    if (map.get("single") instanceof List<?> single) {
      boolean behind = false;
      for (Object piece : single) {
        Object token = piece instanceof Map<?, ?> m ? m.get("SpecialToken") : null;
        behind |= token == null;
        if (token instanceof Map<?, ?> m && m.get("id") instanceof String id) {
          (behind ? after : before).add(id);
        }
      }
    }
  }

  private void template(TokenizerSource source) {
    Optional<ChatTemplate> templates = ChatTemplate.of(source);
    if (templates.isEmpty()) {
      return;
    }
    List<String> named = new ArrayList<>();
    for (String name : templates.get().names()) {
      String text = templates.get().source(name).orElseThrow();
      if (name.equals(ChatTemplate.DEFAULT)) {
        keys.put(TEMPLATE, text);
      } else {
        named.add(name);
        keys.put(TEMPLATE + "." + name, text);
      }
    }
    if (!named.isEmpty()) {
      keys.put("tokenizer.chat_templates", named);
    }
  }

  /** Reads what was made again, and compares tokens. */
  private Optional<String> probe(TokenizerSource source) {
    Map<String, Object> read = new LinkedHashMap<>(keys);
    read.put(GGML + "token_type", Arrays.stream(types).mapToObj(t -> (long) t).toList());
    Tokenizer own = Tokenizers.open(source);
    Tokenizer made;
    try {
      made = Tokenizers.fromGguf(read);
    } catch (InputException e) {
      return Optional.of("the tokenizer that GGUF can describe cannot be read: " + e.getMessage());
    }
    return Arrays.equals(own.encode(PROBE, true), made.encode(PROBE, true))
        ? Optional.empty()
        : Optional.of(
            "the tokenizer that GGUF can describe gives other tokens for some texts than the"
                + " model's own");
  }
}
