package dev.ashlar.text.tokenizer.split;

import static dev.ashlar.text.tokenizer.text.CharClasses.LETTER;
import static dev.ashlar.text.tokenizer.text.CharClasses.MARK;
import static dev.ashlar.text.tokenizer.text.CharClasses.SPACE;
import static dev.ashlar.text.tokenizer.text.CharClasses.SYMBOL;

import dev.ashlar.text.tokenizer.text.CharClasses;

/**
 * DeepSeek's third pattern: an ASCII symbol with ASCII letters; {@code
 * [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+}; {@code ?[\p{P}\p{S}]+[\r\n]*}; white space. Numbers and
 * controls by themselves do not match.
 */
record DeepSeekScanner() implements Scanner {
  @Override
  public int match(char[] text, int i, int end) {
    char c = text[i];
    int kind = CharClasses.at(text, i, end);
    int next = i + CharClasses.width(c);
    if (c < 0x80 && (kind & SYMBOL) != 0 && next < end && isAsciiLetter(text[next])) {
      int k = next + 1;
      while (k < end && isAsciiLetter(text[k])) {
        k++;
      }
      return k;
    }
    if ((kind & (LETTER | MARK)) != 0) {
      return CharClasses.run(text, i, end, LETTER | MARK);
    }
    int nextKind = next < end ? CharClasses.at(text, next, end) : SPACE;
    if ((kind & SYMBOL) == 0 && !Whitespace.isLineBreak(c) && (nextKind & (LETTER | MARK)) != 0) {
      return CharClasses.run(text, next, end, LETTER | MARK);
    }
    if ((kind & SYMBOL) != 0) {
      return symbols(text, i, end);
    }
    if (c == ' ' && (nextKind & SYMBOL) != 0) {
      return symbols(text, next, end);
    }
    return (kind & SPACE) != 0 ? Whitespace.endWithLines(text, i, end) : -1;
  }

  private static int symbols(char[] text, int i, int end) {
    int k = CharClasses.run(text, i, end, SYMBOL);
    while (k < end && Whitespace.isLineBreak(text[k])) {
      k++;
    }
    return k;
  }

  private static boolean isAsciiLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }
}
