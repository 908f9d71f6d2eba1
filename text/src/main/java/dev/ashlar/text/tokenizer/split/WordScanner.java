package dev.ashlar.text.tokenizer.split;

import static dev.ashlar.text.tokenizer.text.CharClasses.LETTER;
import static dev.ashlar.text.tokenizer.text.CharClasses.NUMBER;
import static dev.ashlar.text.tokenizer.text.CharClasses.OTHER;
import static dev.ashlar.text.tokenizer.text.CharClasses.SPACE;

import dev.ashlar.text.tokenizer.text.CharClasses;

/**
 * The pattern of GPT-4 and its relatives: contractions, words with one character in front, numbers,
 * punctuation with line breaks behind, white space. It matches everywhere.
 *
 * @param contractions the first alternative
 * @param words {@code \p{L}} or {@code [\p{L}\p{M}]}; the latter are then not punctuation either
 * @param digits the longest number
 */
record WordScanner(Contractions contractions, int words, int digits) implements Scanner {
  @Override
  public int match(char[] text, int i, int end) {
    char c = text[i];
    int kind = CharClasses.at(text, i, end);
    if ((kind & words) != 0) {
      return CharClasses.run(text, i, end, words);
    }
    if ((kind & NUMBER) != 0) {
      return NumberRuns.end(text, i, end, digits);
    }
    int contraction = contractions.end(text, i, end);
    if (contraction > 0) {
      return contraction;
    }
    int next = i + CharClasses.width(c);
    int nextKind = next < end ? CharClasses.at(text, next, end) : SPACE;
    if ((nextKind & words) != 0 && !Whitespace.isLineBreak(c)) {
      return CharClasses.run(text, next, end, words);
    }
    if ((kind & OTHER) != 0) {
      return punctuation(text, i, end);
    }
    if (c == ' ' && (nextKind & OTHER) != 0) {
      return punctuation(text, next, end);
    }
    return Whitespace.endWithLines(text, i, end);
  }

  private int punctuation(char[] text, int i, int end) {
    int k = i;
    if (words == LETTER) {
      k = CharClasses.run(text, i, end, OTHER);
    } else {
      while (k < end && (CharClasses.at(text, k, end) & (OTHER | words)) == OTHER) {
        k += CharClasses.width(text[k]);
      }
    }
    while (k < end && Whitespace.isLineBreak(text[k])) {
      k++;
    }
    return k;
  }
}
