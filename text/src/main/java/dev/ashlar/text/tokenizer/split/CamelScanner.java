package dev.ashlar.text.tokenizer.split;

import static dev.ashlar.text.tokenizer.text.CharClasses.LETTER;
import static dev.ashlar.text.tokenizer.text.CharClasses.LOWER;
import static dev.ashlar.text.tokenizer.text.CharClasses.NUMBER;
import static dev.ashlar.text.tokenizer.text.CharClasses.OTHER;
import static dev.ashlar.text.tokenizer.text.CharClasses.UPPER;

import dev.ashlar.text.tokenizer.text.CharClasses;

/**
 * The pattern of GPT-4o and its relatives, which also cuts words before capitals: with U the upper
 * and L the lower class (letters without case and marks are in both), {@code P?U*L+C?|P?U+L*C?},
 * numbers, punctuation with line breaks and slashes behind, white space. It matches everywhere.
 *
 * @param contractions what may follow a word
 * @param digits the longest number
 */
record CamelScanner(Contractions contractions, int digits) implements Scanner {
  @Override
  public int match(char[] text, int i, int end) {
    char c = text[i];
    int kind = CharClasses.at(text, i, end);
    int next = i + CharClasses.width(c);
    boolean prefix = (kind & (LETTER | NUMBER)) == 0 && !Whitespace.isLineBreak(c) && next < end;
    int word = prefix ? lowerEnding(text, next, end) : -1;
    word = word < 0 ? lowerEnding(text, i, end) : word;
    word = word < 0 && prefix ? upper(text, next, end) : word;
    word = word < 0 ? upper(text, i, end) : word;
    if (word > 0) {
      int contraction = word < end ? contractions.end(text, word, end) : -1;
      return contraction > 0 ? contraction : word;
    }
    if ((kind & NUMBER) != 0) {
      return NumberRuns.end(text, i, end, digits);
    }
    int from = c == ' ' && next < end ? next : i;
    if ((CharClasses.at(text, from, end) & OTHER) != 0) {
      int k = CharClasses.run(text, from, end, OTHER);
      while (k < end && (Whitespace.isLineBreak(text[k]) || text[k] == '/')) {
        k++;
      }
      return k;
    }
    return Whitespace.endWithLines(text, i, end);
  }

  /** {@code U*L+}, or -1. */
  private static int lowerEnding(char[] text, int i, int end) {
    int u = CharClasses.run(text, i, end, UPPER);
    int l = CharClasses.run(text, u, end, LOWER);
    if (l > u) {
      return l;
    }
    // U* gives back characters until one of them is in L as well.
    for (int k = u; k > i; ) {
      int last = k - (k - i > 1 && Character.isLowSurrogate(text[k - 1]) ? 2 : 1);
      if ((CharClasses.at(text, last, end) & LOWER) != 0) {
        return k;
      }
      k = last;
    }
    return -1;
  }

  /** {@code U+}, or -1; where this is tried, no L can follow. */
  private static int upper(char[] text, int i, int end) {
    int u = CharClasses.run(text, i, end, UPPER);
    return u > i ? u : -1;
  }
}
