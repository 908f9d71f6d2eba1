package dev.ashlar.text.tokenizer.split;

/** Divides text into what a pattern matches and what lies between. */
@FunctionalInterface
interface Finder {
  /** Where the parts go, in order; together they cover the text. */
  @FunctionalInterface
  interface Spans {
    /** Takes {@code [start, end)}; a match may be empty. */
    void span(int start, int end, boolean match);
  }

  /** Hands the parts of {@code text[start, end)}, which is not empty, to {@code out}. */
  void find(char[] text, int start, int end, Spans out);
}
