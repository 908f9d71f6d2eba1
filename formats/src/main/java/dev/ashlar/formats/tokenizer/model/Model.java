package dev.ashlar.formats.tokenizer.model;

import dev.ashlar.formats.tokenizer.text.IntList;

/** Turns pieces of text into token ids; immutable. */
public interface Model {
  /** The tokens and their ids. */
  TokenTable tokens();

  /**
   * Appends the ids of {@code text[start, end)}, which is not empty, to {@code out}.
   *
   * @param work buffers of the caller's, kept from piece to piece
   */
  void encode(char[] text, int start, int end, Work work, IntList out);

  /**
   * The same model for text whose bytes are not spelled in GPT-2's alphabet, or null if it needs
   * them spelled.
   */
  default Model overBytes() {
    return null;
  }
}
