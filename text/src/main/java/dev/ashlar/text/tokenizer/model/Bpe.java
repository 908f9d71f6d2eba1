package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.List;

/** Reads byte pair encodings from the three places that describe them. */
public final class Bpe {
  /** A character may become as many tokens as the prefix has bytes. */
  private static final int LONGEST_PREFIX = 32;

  private static final int MOST_MERGES = 4 * TokenIds.MOST;

  private Bpe() {}

  /** The model of a tokenizer file. */
  static TokenModel read(Node node) {
    TokenIds tokens = TokenIds.read(node.get("vocab"));
    String prefix = node.optional("continuing_subword_prefix").orElse("");
    if (prefix.length() > LONGEST_PREFIX) {
      throw node.get("continuing_subword_prefix")
          .expected("a prefix of at most " + LONGEST_PREFIX + " characters");
    }
    Node dropout = node.get("dropout");
    if (!dropout.isNull() && dropout.number() != 0) {
      throw dropout.fault("dropout would make encoding random and is not supported");
    }
    Merges merges = readMerges(node.get("merges"), tokens, prefix);
    Node unknown = node.get("unk_token");
    return new BpeModel(
        tokens,
        merges,
        unknown.isNull() ? -1 : tokens.require(unknown),
        node.flag("fuse_unk", false),
        node.flag("byte_fallback", false),
        prefix,
        node.optional("end_of_word_suffix").orElse(""),
        node.flag("ignore_merges", false));
  }

  private static Merges readMerges(Node node, TokenIds tokens, String prefix) {
    List<?> list = node.list();
    if (list.size() > MOST_MERGES) {
      throw node.fault("there are " + list.size() + " merges, more than " + MOST_MERGES);
    }
    Merges merges = new Merges(list.size());
    int rank = 0;
    for (Object rule : list) {
      if (rule instanceof String s && s.startsWith("#version")) {
        continue;
      }
      String left = null;
      String right = null;
      if (rule instanceof String s) {
        int space = s.indexOf(' ');
        if (space >= 0 && s.indexOf(' ', space + 1) < 0) {
          left = s.substring(0, space);
          right = s.substring(space + 1);
        }
      } else if (rule instanceof List<?> pair
          && pair.size() == 2
          && pair.get(0) instanceof String l
          && pair.get(1) instanceof String r) {
        left = l;
        right = r;
      }
      if (left == null) {
        throw new Node(node.file(), node.path() + "[" + rank + "]", rule)
            .expected("two tokens to merge");
      }
      addRule(merges, tokens, left, right, prefix, rank++, node);
    }
    return merges;
  }

  private static void addRule(
      Merges merges,
      TokenIds tokens,
      String left,
      String right,
      String prefix,
      int rank,
      Node place) {
    String result = left + (right.startsWith(prefix) ? right.substring(prefix.length()) : right);
    int leftId = tokens.id(left);
    int rightId = tokens.id(right);
    int resultId = tokens.id(result);
    if (leftId < 0 || rightId < 0 || resultId < 0) {
      String absent = leftId < 0 ? left : rightId < 0 ? right : result;
      throw new Node(place.file(), place.path() + "[" + rank + "]", null)
          .fault("the token \"" + absent + "\" of this merge is not in the vocabulary");
    }
    merges.add(leftId, rightId, rank, resultId);
  }

  /**
   * A byte-level model from GGUF metadata.
   *
   * @param merges rules such as {@code "Ġ t"}
   */
  public static TokenModel ofGguf(
      TokenIds tokens, List<?> merges, boolean ignoreMerges, Node place) {
    Node list = new Node(place.file(), place.path(), merges);
    Merges rules = readMerges(list, tokens, "");
    return new BpeModel(tokens, rules, -1, false, false, "", "", ignoreMerges);
  }
}
