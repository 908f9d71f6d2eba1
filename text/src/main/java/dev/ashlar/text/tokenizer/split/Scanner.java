package dev.ashlar.text.tokenizer.split;

/** A hand-written regular expression. */
@FunctionalInterface
interface Scanner {
  /** The end of the match at {@code text[i]}, {@code i < end}, or -1 if there is none. */
  int match(char[] text, int i, int end);
}
