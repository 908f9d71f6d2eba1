package dev.ashlar.text.tokenizer.model;

import dev.ashlar.text.tokenizer.text.IntList;

/** Turns pieces of text into token ids; immutable. */
@FunctionalInterface
public interface PieceEncoder {
  /**
   * Appends the ids of {@code text[start, end)}, which is not empty, to {@code out}.
   *
   * @param work buffers of the caller's, kept from piece to piece
   */
  void encode(char[] text, int start, int end, Work work, IntList out);
}
