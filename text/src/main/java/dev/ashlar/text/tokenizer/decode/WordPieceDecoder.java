package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.ArrayList;
import java.util.List;

/** Joins the pieces of words, and the words with spaces. */
record WordPieceDecoder(String prefix, boolean cleanup) implements TokenDecoder {
  static TokenDecoder read(Node node) {
    return new WordPieceDecoder(node.string("prefix"), node.flag("cleanup"));
  }

  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>(tokens.size());
    for (String token : tokens) {
      String t = token;
      if (!out.isEmpty()) {
        t = t.startsWith(prefix) ? t.substring(prefix.length()) : " " + t;
      }
      out.add(cleanup ? clean(t) : t);
    }
    return out;
  }

  /** Removes the spaces that tokenizing put around punctuation and contractions. */
  static String clean(String text) {
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
