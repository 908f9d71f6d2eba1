package dev.ashlar.text.tokenizer.split;

import dev.ashlar.text.tokenizer.text.CharClasses;

/** {@code \p{N}{1,max}}. */
record NumberRuns(int max) implements Scanner {
  @Override
  public int match(char[] text, int i, int end) {
    return (CharClasses.at(text, i, end) & CharClasses.NUMBER) == 0 ? -1 : end(text, i, end, max);
  }

  /** The end of at most {@code max} numeric characters, the first of which is at {@code i}. */
  static int end(char[] text, int i, int end, int max) {
    int k = i;
    for (int n = 0; n < max && k < end; n++) {
      if ((CharClasses.at(text, k, end) & CharClasses.NUMBER) == 0) {
        break;
      }
      k += CharClasses.width(text[k]);
    }
    return k;
  }
}
