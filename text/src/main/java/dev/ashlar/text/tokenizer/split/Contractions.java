package dev.ashlar.text.tokenizer.split;

/** English contractions: {@code 's|'t|'re|'ve|'m|'ll|'d}. */
enum Contractions {
  /** The alternative is not there. */
  NONE,
  /** As written. */
  LOWER_CASE,
  /** With ASCII letters of either case: {@code '[sS]|'[tT]|…}. */
  ASCII_CASE,
  /** With Unicode's case folding, by which the long s is an s: {@code (?i:'s|'t|…)}. */
  FOLDED;

  /** The end of the contraction at {@code text[i]}, or -1 if there is none. */
  int end(char[] text, int i, int end) {
    if (this == NONE || text[i] != '\'' || i + 1 >= end) {
      return -1;
    }
    char c = fold(text[i + 1]);
    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
      return i + 2;
    }
    if (i + 2 < end) {
      char d = fold(text[i + 2]);
      if (d == 'e' && (c == 'r' || c == 'v') || d == 'l' && c == 'l') {
        return i + 3;
      }
    }
    return -1;
  }

  private char fold(char c) {
    if (this != LOWER_CASE && c >= 'A' && c <= 'Z') {
      return (char) (c + 32);
    }
    return this == FOLDED && c == 'ſ' ? 's' : c;
  }
}
