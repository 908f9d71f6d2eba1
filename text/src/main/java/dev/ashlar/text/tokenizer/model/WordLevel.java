package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.IntList;

/** Whole words only. */
record WordLevel(TokenIds tokens, int unknown) implements TokenModel, PieceEncoder {
  static TokenModel read(Node node) {
    TokenIds tokens = TokenIds.read(node.get("vocab"));
    return new WordLevel(tokens, tokens.id(node.string("unk_token")));
  }

  @Override
  public PieceEncoder overText() {
    return this;
  }

  @Override
  public void encode(char[] text, int start, int end, Work work, IntList out) {
    String word = new String(text, start, end - start);
    int id = tokens.id(word);
    if (id < 0 && unknown < 0) {
      throw new IllegalArgumentException(
          "\"" + word + "\" is not in the vocabulary, which has no token for unknown words");
    }
    out.add(id < 0 ? unknown : id);
  }
}
