package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.blocks.Row;

/** Puts one block of a row into bytes. */
@FunctionalInterface
public interface BlockEncoder {
  /**
   * Encodes the block of elements that begins at column {@code from}.
   *
   * @param dst receives as many bytes as the type has, from {@code to} on
   */
  void encode(Row row, int from, byte[] dst, int to);
}
