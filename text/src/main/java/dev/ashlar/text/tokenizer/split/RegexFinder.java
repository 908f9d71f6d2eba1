package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.TokenPattern;
import java.nio.CharBuffer;

/** Matches any regular expression, at the speed of {@code java.util.regex}. */
record RegexFinder(TokenPattern pattern) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    int[] from = {start};
    pattern.find(
        CharBuffer.wrap(text, start, end - start),
        (at, to) -> {
          int s = start + at;
          int e = start + to;
          if (from[0] < s) {
            out.span(from[0], s, false);
          }
          out.span(s, e, true);
          from[0] = e;
        });
    if (from[0] < end) {
      out.span(from[0], end, false);
    }
  }
}
