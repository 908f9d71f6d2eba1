package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.config.TokenPattern;
import java.nio.CharBuffer;
import java.util.regex.Matcher;

/** Matches any regular expression, at the speed of {@code java.util.regex}. */
record RegexFinder(TokenPattern pattern) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    Matcher matcher = pattern.matcher(CharBuffer.wrap(text, start, end - start));
    int from = start;
    while (pattern.bounded(matcher::find)) {
      int s = start + matcher.start();
      int e = start + matcher.end();
      if (from < s) {
        out.span(from, s, false);
      }
      out.span(s, e, true);
      from = e;
    }
    if (from < end) {
      out.span(from, end, false);
    }
  }
}
