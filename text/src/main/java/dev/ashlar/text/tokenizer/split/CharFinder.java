package dev.ashlar.text.tokenizer.split;

import java.util.function.IntPredicate;

/** Matches single characters. */
record CharFinder(IntPredicate matches) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    int from = start;
    int i = start;
    while (i < end) {
      int c = Character.codePointAt(text, i, end);
      int next = i + Character.charCount(c);
      if (matches.test(c)) {
        if (from < i) {
          out.span(from, i, false);
        }
        out.span(i, next, true);
        from = next;
      }
      i = next;
    }
    if (from < end) {
      out.span(from, end, false);
    }
  }
}
