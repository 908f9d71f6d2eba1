package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.text.CharClasses;

/** Matches what a hand-written scanner matches. */
record ScannerFinder(Scanner scanner) implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    int from = start;
    int i = start;
    while (i < end) {
      int next = scanner.match(text, i, end);
      if (next < 0) {
        i += CharClasses.width(text[i]);
        continue;
      }
      if (from < i) {
        out.span(from, i, false);
      }
      out.span(i, next, true);
      from = next;
      i = next;
    }
    if (from < end) {
      out.span(from, end, false);
    }
  }
}
