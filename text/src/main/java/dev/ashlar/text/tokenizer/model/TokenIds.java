package dev.ashlar.text.tokenizer.model;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.config.Node;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The tokens of a model by id, and back; ids may have gaps. */
public final class TokenIds {
  /** Vocabularies beyond this would fill the memory, and no model has one. */
  public static final int MOST = 1 << 20;

  private final String[] tokens;
  private final Map<String, Integer> ids;

  private TokenIds(String[] tokens, Map<String, Integer> ids) {
    this.tokens = tokens;
    this.ids = ids;
  }

  /** The table of an object from tokens to ids; refuses ids that are used twice. */
  public static TokenIds read(Node vocab) {
    requireSize(vocab, vocab.map().size());
    Map<String, Integer> ids = HashMap.newHashMap(vocab.map().size());
    int largest = -1;
    for (Map.Entry<?, ?> e : vocab.map().entrySet()) {
      String token = (String) e.getKey();
      // Only a fault is worth a place of its own: there are hundreds of thousands of these.
      int id =
          e.getValue() instanceof Long n && n >= 0 && n < Integer.MAX_VALUE
              ? n.intValue()
              : new Node(vocab.file(), vocab.path() + "." + token, e.getValue()).count();
      ids.put(token, id);
      largest = Math.max(largest, id);
    }
    if (largest >= 2L * ids.size() + 65536) {
      throw vocab.fault(
          "the largest id is " + largest + ", too far beyond the " + ids.size() + " tokens");
    }
    String[] tokens = new String[largest + 1];
    ids.forEach(
        (token, id) -> {
          if (tokens[id] != null) {
            throw vocab.fault(
                "the id " + id + " belongs to both \"" + tokens[id] + "\" and \"" + token + "\"");
          }
          tokens[id] = token;
        });
    return new TokenIds(tokens, ids);
  }

  /** Refuses a vocabulary of more than {@link #MOST} tokens. */
  public static void requireSize(Node vocab, int size) {
    if (size > MOST) {
      throw InputException.in(vocab.file())
          .place(vocab.path())
          .expected("a vocabulary of at most " + MOST + " tokens")
          .found(size + " tokens")
          .exception();
    }
  }

  /** The table of tokens in the order of their ids; of equal ones the first is found. */
  public static TokenIds of(String[] tokens) {
    Map<String, Integer> ids = HashMap.newHashMap(tokens.length);
    for (int id = 0; id < tokens.length; id++) {
      ids.putIfAbsent(tokens[id], id);
    }
    return new TokenIds(tokens.clone(), ids);
  }

  /** One more than the largest id. */
  public int size() {
    return tokens.length;
  }

  /** How many tokens there are. */
  public int count() {
    return ids.size();
  }

  /** The token of an id, or null. */
  public String token(int id) {
    return id >= 0 && id < tokens.length ? tokens[id] : null;
  }

  /** The id of a token, or -1. */
  public int id(String token) {
    Integer id = ids.get(token);
    return id == null ? -1 : id;
  }

  /** The id that a configuration's token has. */
  public int require(Node token) {
    int id = id(token.string());
    if (id < 0) {
      throw token.fault("the token \"" + token.string() + "\" is not in the vocabulary");
    }
    return id;
  }

  /** The ids of {@code <0x00>} to {@code <0xFF>}; -1 where one is absent. */
  public int[] byteIds() {
    int[] byId = new int[256];
    Arrays.setAll(byId, b -> id(String.format(Locale.ROOT, "<0x%02X>", b)));
    return byId;
  }
}
