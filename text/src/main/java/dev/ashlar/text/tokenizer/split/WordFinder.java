package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.text.CharClasses;
import dev.ashlar.text.tokenizer.text.LegacyUnicode;

/** Matches {@code \w+|[^\w\s]+}. */
record WordFinder() implements Finder {
  @Override
  public void find(char[] text, int start, int end, Spans out) {
    int i = start;
    while (i < end) {
      int kind = kind(Character.codePointAt(text, i, end));
      int from = i;
      while (i < end) {
        int c = Character.codePointAt(text, i, end);
        if (kind(c) != kind) {
          break;
        }
        i += Character.charCount(c);
      }
      out.span(from, i, kind != 0);
    }
  }

  private static int kind(int c) {
    return CharClasses.isSpace(c) ? 0 : LegacyUnicode.isWord(c) ? 1 : 2;
  }
}
