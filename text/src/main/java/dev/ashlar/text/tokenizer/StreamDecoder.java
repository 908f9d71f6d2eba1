package dev.ashlar.text.tokenizer;

/** Decodes ids as they come; not for several threads at once. */
public interface StreamDecoder {
  /**
   * Takes an id and returns the text that has become certain, which is empty while a character is
   * incomplete.
   */
  String push(int id);

  /** Returns what is left, incomplete characters as U+FFFD, and begins anew. */
  String flush();
}
