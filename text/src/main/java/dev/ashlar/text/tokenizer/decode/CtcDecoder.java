package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.ArrayList;
import java.util.List;

/** Drops repeated and padding tokens, as models of speech emit them. */
record CtcDecoder(String pad, String delimiter, boolean cleanup) implements TokenDecoder {
  static TokenDecoder read(Node node) {
    return new CtcDecoder(
        node.string("pad_token"), node.string("word_delimiter_token"), node.flag("cleanup"));
  }

  @Override
  public List<String> decode(List<String> tokens) {
    List<String> out = new ArrayList<>();
    String last = null;
    for (String token : tokens) {
      if (!token.equals(last)) {
        String t = token.replace(pad, "");
        t = cleanup ? WordPieceDecoder.clean(t).replace(delimiter, " ") : t;
        if (!t.isEmpty()) {
          out.add(t);
        }
      }
      last = token;
    }
    return out;
  }
}
