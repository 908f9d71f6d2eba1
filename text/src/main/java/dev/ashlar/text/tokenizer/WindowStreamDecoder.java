package dev.ashlar.text.tokenizer;

import java.util.Arrays;

/**
 * Decodes by any decoder: the text of the last few ids with and without the newest is compared, so
 * that what depends on a token's neighbours comes out as in the whole text.
 */
final class WindowStreamDecoder implements StreamDecoder {
  private static final String INCOMPLETE = "\uFFFD";

  private final Tokenizer tokenizer;
  private int[] window = new int[0];

  /** How many ids at the window's start are decoded already; they are there as neighbours. */
  private int known;

  WindowStreamDecoder(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  @Override
  public String push(int id) {
    window = Arrays.copyOf(window, window.length + 1);
    window[window.length - 1] = id;
    String text = tokenizer.decode(window);
    return text.endsWith(INCOMPLETE) ? "" : emit(text);
  }

  @Override
  public String flush() {
    String rest = emit(tokenizer.decode(window));
    window = new int[0];
    known = 0;
    return rest;
  }

  private String emit(String text) {
    String before = tokenizer.decode(Arrays.copyOf(window, known));
    if (text.length() <= before.length()) {
      return "";
    }
    window = Arrays.copyOfRange(window, known, window.length);
    known = window.length;
    return text.substring(before.length());
  }
}
