package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.text.CharClasses;

/** How patterns cut white space. */
final class Whitespace {
  private Whitespace() {}

  /** {@code \s+(?!\S)|\s+}: a run leaves its last character to a word that follows. */
  static int end(char[] text, int i, int end) {
    int run = CharClasses.run(text, i, end, CharClasses.SPACE);
    return run == end || run == i + 1 ? run : run - 1;
  }

  /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}, where a run is cut after its last line break. */
  static int endWithLines(char[] text, int i, int end) {
    int run = CharClasses.run(text, i, end, CharClasses.SPACE);
    for (int k = run; k > i; k--) {
      if (isLineBreak(text[k - 1])) {
        return k;
      }
    }
    return run == end || run == i + 1 ? run : run - 1;
  }

  static boolean isLineBreak(char c) {
    return c == '\n' || c == '\r';
  }
}
