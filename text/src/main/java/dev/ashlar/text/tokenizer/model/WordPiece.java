package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;

/**
 * Bert's model: the longest token first, again and again; a word that does not end so is unknown.
 */
final class WordPiece implements TokenModel, PieceEncoder {
  private final TokenIds tokens;
  private final SpanIndex index;
  private final byte[] prefix;
  private final int unknown;
  private final int longestWord;

  private WordPiece(TokenIds tokens, String prefix, int unknown, int longestWord) {
    this.tokens = tokens;
    this.prefix = Utf8.bytes(prefix);
    this.unknown = unknown;
    this.longestWord = longestWord;
    byte[][] spans = new byte[tokens.size()][];
    for (int id = 0; id < spans.length; id++) {
      spans[id] = tokens.token(id) == null ? null : Utf8.bytes(tokens.token(id));
    }
    index = new SpanIndex(spans);
  }

  static TokenModel read(Node node) {
    TokenIds tokens = TokenIds.read(node.get("vocab"));
    return new WordPiece(
        tokens,
        node.string("continuing_subword_prefix"),
        tokens.require(node.get("unk_token")),
        node.count("max_input_chars_per_word", 100));
  }

  @Override
  public TokenIds tokens() {
    return tokens;
  }

  @Override
  public PieceEncoder overText() {
    return this;
  }

  @Override
  public void encode(char[] text, int start, int end, Work work, IntList out) {
    if (Character.codePointCount(text, start, end - start) > longestWord) {
      out.add(unknown);
      return;
    }
    byte[] bytes = new byte[prefix.length + 3 * (end - start)];
    int n = prefix.length + Utf8.encode(text, start, end, bytes, prefix.length);
    int before = out.size();
    int from = prefix.length;
    while (from < n) {
      boolean inside = from > prefix.length;
      int begin = inside ? from - prefix.length : from;
      if (inside) {
        // The text before this place is done with: the prefix goes over it.
        System.arraycopy(prefix, 0, bytes, begin, prefix.length);
      }
      int to = n;
      int id = -1;
      while (to > from && (id = index.find(bytes, begin, to)) < 0) {
        do {
          to--;
        } while (to > from && (bytes[to] & 0xC0) == 0x80);
      }
      if (id < 0) {
        out.truncate(before);
        out.add(unknown);
        return;
      }
      out.add(id);
      from = to;
    }
  }
}
