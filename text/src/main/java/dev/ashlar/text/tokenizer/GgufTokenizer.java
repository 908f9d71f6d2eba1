package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.decode.ByteLevelDecoder;
import dev.ashlar.text.tokenizer.decode.TokenDecoders;
import dev.ashlar.text.tokenizer.model.Bpe;
import dev.ashlar.text.tokenizer.model.ScoredBpe;
import dev.ashlar.text.tokenizer.model.TokenIds;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.normalize.Normalizer;
import dev.ashlar.text.tokenizer.normalize.Normalizers;
import dev.ashlar.text.tokenizer.post.PostProcessor;
import dev.ashlar.text.tokenizer.post.PostProcessors;
import dev.ashlar.text.tokenizer.split.GgufSplits;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads the tokenizer in a GGUF file's metadata.
 *
 * <pre>
 * tokenizer.ggml.model                 gpt2 (byte-level BPE) or llama (sentencepiece BPE)
 * tokenizer.ggml.pre                   name of the pre-tokenizer, for gpt2
 * tokenizer.ggml.tokens                string[]
 * tokenizer.ggml.merges                string[], for gpt2
 * tokenizer.ggml.scores                f32[], for llama
 * tokenizer.ggml.token_type            i32[]: 1 normal, 2 unknown, 3 control, 4 user-defined,
 *                                      5 unused, 6 byte
 * tokenizer.ggml.{bos,eos,unknown}_token_id, add_bos_token, add_eos_token, add_space_prefix
 * tokenizer.chat_template
 * </pre>
 */
final class GgufTokenizer {
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int BYTE = 6;
  private static final long NOTHING = Long.MIN_VALUE;
  private static final Set<String> OPENED = Set.of("llama3", "llama-v3", "llama-bpe", "tekken");
  private static final Set<String> COMPOSED = Set.of("qwen2", "qwen35", "deepseek-r1-qwen");

  private final Node root;
  private final String file;
  private final TokenIds tokens;
  private final int[] types;

  GgufTokenizer(Map<String, Object> metadata, String file) {
    this.file = file;
    root = new Node(file, "", metadata);
    tokens = TokenIds.of(tokens());
    types = types();
  }

  private Node ggml(String key) {
    return root.get("tokenizer.ggml." + key);
  }

  Tokenizer read() {
    Node kind = ggml("model");
    TokenizerParts parts =
        switch (kind.string()) {
          case "gpt2" -> byteLevel();
          case "llama" -> sentencePiece();
          default -> throw kind.fault("the tokenizer \"" + kind.string() + "\" is not supported");
        };
    boolean llama = kind.string().equals("llama");
    Node template = root.get("tokenizer.chat_template");
    int bos = id("bos_token_id", llama ? 1 : -1);
    int eos = id("eos_token_id", llama ? 2 : -1);
    return new PipelineTokenizer(
        parts, new Extras(bos, eos, template.isNull() ? null : template.string()));
  }

  private TokenizerParts byteLevel() {
    Node pre = ggml("pre");
    String name = pre.isNull() ? null : pre.string();
    boolean opened = name != null && OPENED.contains(name);
    Node merges = ggml("merges");
    TokenModel model = Bpe.ofGguf(tokens, elements(merges), opened, merges);
    boolean composed = name != null && COMPOSED.contains(name);
    return new TokenizerParts(
        added(),
        composed ? component("NFC", Normalizers::read) : text -> text,
        GgufSplits.read(name, pre),
        model,
        around(opened, -1, -1),
        new ByteLevelDecoder());
  }

  private TokenizerParts sentencePiece() {
    double[] scores = scores();
    boolean prefix =
        ggml("add_space_prefix").isNull() || root.flag("tokenizer.ggml.add_space_prefix");
    TokenModel model =
        ScoredBpe.of(
            tokens,
            scores,
            id -> types[id] != CONTROL && types[id] != UNKNOWN && types[id] != BYTE,
            id("unknown_token_id", 0),
            true);
    Map<String, Object> mark =
        Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "▁");
    Normalizer marks = Normalizers.read(new Node(file, "", mark));
    Map<String, Object> space =
        Map.of("type", "Replace", "pattern", Map.of("String", "▁"), "content", " ");
    Map<String, Object> strip = Map.of("type", "Strip", "content", " ", "start", 1L, "stop", 0L);
    List<Object> decoders =
        new ArrayList<>(List.of(space, Map.of("type", "ByteFallback"), Map.of("type", "Fuse")));
    if (prefix) {
      decoders.add(strip);
    }
    return new TokenizerParts(
        added(),
        prefix ? text -> text.isEmpty() ? text : marks.normalize(" " + text) : marks,
        PreTokenizers.none(),
        model,
        around(true, 1, 2),
        TokenDecoders.read(new Node(file, "", Map.of("type", "Sequence", "decoders", decoders))));
  }

  private <T> T component(String type, Function<Node, T> read) {
    return read.apply(new Node(file, "", Map.of("type", type)));
  }

  private PostProcessor around(boolean opensByDefault, int defaultBos, int defaultEos) {
    boolean opens = root.flag("tokenizer.ggml.add_bos_token", opensByDefault);
    boolean ends = root.flag("tokenizer.ggml.add_eos_token", false);
    int bos = id("bos_token_id", defaultBos);
    int eos = id("eos_token_id", defaultEos);
    return PostProcessors.around(
        opens && bos >= 0 ? List.of(bos) : List.of(), ends && eos >= 0 ? List.of(eos) : List.of());
  }

  private List<AddedToken> added() {
    List<AddedToken> added = new ArrayList<>();
    for (int id = 0; id < types.length; id++) {
      boolean special = types[id] == CONTROL || types[id] == UNKNOWN;
      if ((special || types[id] == USER_DEFINED) && !tokens.token(id).isEmpty()) {
        added.add(AddedToken.plain(id, tokens.token(id), special));
      }
    }
    return List.copyOf(added);
  }

  private String[] tokens() {
    Node node = ggml("tokens");
    List<?> list = elements(node);
    TokenIds.requireSize(node, list.size());
    String[] all = new String[list.size()];
    for (int id = 0; id < all.length; id++) {
      if (!(list.get(id) instanceof String token)) {
        throw node.expected("strings");
      }
      all[id] = token;
    }
    if (all.length == 0) {
      throw node.fault("there are no tokens");
    }
    return all;
  }

  private int[] types() {
    Node node = ggml("token_type");
    int[] all = new int[tokens.size()];
    if (node.isNull()) {
      return all;
    }
    List<?> list = elements(node);
    requireOneEach(node, list);
    for (int id = 0; id < all.length; id++) {
      all[id] = number(node, list.get(id)).intValue();
    }
    return all;
  }

  private double[] scores() {
    Node node = ggml("scores");
    List<?> list = elements(node);
    requireOneEach(node, list);
    double[] all = new double[tokens.size()];
    for (int id = 0; id < all.length; id++) {
      all[id] = number(node, list.get(id)).doubleValue();
      if (Double.isNaN(all[id])) {
        throw node.fault("the score of token " + id + " is not a number");
      }
    }
    return all;
  }

  private void requireOneEach(Node node, List<?> list) {
    if (list.size() != tokens.size()) {
      throw node.fault("there are " + list.size() + " elements for " + tokens.size() + " tokens");
    }
  }

  private static Number number(Node node, Object value) {
    if (value instanceof Number n) {
      return n;
    }
    throw node.expected("numbers");
  }

  private int id(String key, int otherwise) {
    Node node = ggml(key);
    // Converters write -1, in 32 bits without a sign, for a token that there is not.
    long id = node.value() instanceof Number n ? n.longValue() : NOTHING;
    if (node.isNull() || id == -1 || id == 0xFFFFFFFFL) {
      return otherwise < tokens.size() ? otherwise : -1;
    }
    if (id < 0 || id >= tokens.size()) {
      throw node.expected("an id below " + tokens.size());
    }
    return (int) id;
  }

  /** The elements of a list or of a primitive array. */
  private static List<?> elements(Node node) {
    Object value = node.value();
    if (value == null || !value.getClass().isArray()) {
      return node.list();
    }
    List<Object> list = new ArrayList<>(Array.getLength(value));
    for (int i = 0; i < Array.getLength(value); i++) {
      list.add(Array.get(value, i));
    }
    return list;
  }
}
