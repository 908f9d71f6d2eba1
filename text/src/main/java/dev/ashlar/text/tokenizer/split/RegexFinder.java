package dev.ashlar.text.tokenizer.split;

import java.nio.CharBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Matches any regular expression, at the speed of {@code java.util.regex}. */
record RegexFinder(Pattern pattern) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    Matcher matcher = pattern.matcher(CharBuffer.wrap(text, start, end - start));
    int from = start;
    while (next(matcher)) {
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

  private boolean next(Matcher matcher) {
    try {
      return matcher.find();
    } catch (StackOverflowError e) {
      // Repeated groups recurse once per repetition; the text, not the program, is at fault.
      throw new IllegalArgumentException(
          "the text is too long for the tokenizer's pattern " + pattern.pattern(), e);
    }
  }
}
