package dev.ashlar.text.tokenizer.split;

import static dev.ashlar.text.tokenizer.text.CharClasses.LETTER;
import static dev.ashlar.text.tokenizer.text.CharClasses.NUMBER;
import static dev.ashlar.text.tokenizer.text.CharClasses.OTHER;
import static dev.ashlar.text.tokenizer.text.CharClasses.SPACE;

import dev.ashlar.text.tokenizer.text.CharClasses;

/**
 * {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}, which matches
 * everywhere.
 */
final class Gpt2Scanner {
  private Gpt2Scanner() {}

  static int next(char[] text, int i, int end) {
    char c = text[i];
    if (c == '\'') {
      int contraction = Contractions.LOWER_CASE.end(text, i, end);
      if (contraction > 0) {
        return contraction;
      }
    }
    int from = c == ' ' && i + 1 < end ? i + 1 : i;
    int kind = CharClasses.at(text, from, end);
    if ((kind & SPACE) == 0) {
      return CharClasses.run(text, from, end, kind & (LETTER | NUMBER | OTHER));
    }
    return Whitespace.end(text, i, end);
  }
}
