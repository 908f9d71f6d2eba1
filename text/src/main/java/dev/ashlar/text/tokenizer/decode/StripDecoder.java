package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.config.Node;
import java.util.List;

/** Removes up to so many of a character from each end of each token. */
record StripDecoder(int content, int start, int stop) implements TokenDecoder {
  static TokenDecoder read(Node node) {
    return new StripDecoder(
        node.character("content"), node.count("start", 0), node.count("stop", 0));
  }

  @Override
  public List<String> decode(List<String> tokens) {
    return tokens.stream().map(this::strip).toList();
  }

  private String strip(String token) {
    int width = Character.charCount(content);
    int from = 0;
    int to = token.length();
    for (int n = 0; n < start && from < to && token.codePointAt(from) == content; n++) {
      from += width;
    }
    for (int n = 0; n < stop && to > from && token.codePointBefore(to) == content; n++) {
      to -= width;
    }
    return token.substring(from, to);
  }
}
