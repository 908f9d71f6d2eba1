package dev.ashlar.text.tokenizer.normalize;

/** Puts a string before any text that is not empty. */
record Prepend(String prefix) implements Normalizer {
  @Override
  public String normalize(String text) {
    return text.isEmpty() ? text : prefix + text;
  }
}
