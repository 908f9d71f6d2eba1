package dev.ashlar.text.tokenizer.normalize;

import dev.ashlar.text.tokenizer.text.LegacyUnicode;

/** Removes combining marks. */
record StripAccents() implements Normalizer {
  @Override
  public String normalize(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().filter(c -> !LegacyUnicode.isMark(c)).forEach(out::appendCodePoint);
    return out.toString();
  }
}
