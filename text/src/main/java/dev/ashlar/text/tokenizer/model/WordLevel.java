package dev.ashlar.text.tokenizer.model;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.IntList;

/** Whole words only. */
record WordLevel(TokenIds tokens, int unknown, Node place) implements TokenModel, PieceEncoder {
  static TokenModel read(Node node) {
    TokenIds tokens = TokenIds.read(node.get("vocab"));
    Node unknown = node.get("unk_token");
    return new WordLevel(tokens, tokens.id(unknown.string()), unknown);
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
      throw InputException.in(place.file())
          .place(place.path())
          .problem(
              "the text has the word \""
                  + (word.length() > 60 ? word.substring(0, 60) + "…" : word)
                  + "\", which is not in the vocabulary, and neither is the token for unknown words")
          .hint("name a token of the vocabulary there")
          .exception();
    }
    out.add(id < 0 ? unknown : id);
  }
}
