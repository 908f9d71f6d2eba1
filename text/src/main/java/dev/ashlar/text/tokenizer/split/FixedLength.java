package dev.ashlar.text.tokenizer.split;

/** Pieces of a fixed number of characters. */
record FixedLength(int length) implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, boolean first, Sink out) {
    int from = start;
    while (from < end) {
      int to = from;
      for (int n = 0; n < Math.max(1, length) && to < end; n++) {
        to += Character.isHighSurrogate(text[to]) ? 2 : 1;
      }
      out.piece(text, from, to, first && from == start);
      from = to;
    }
  }
}
