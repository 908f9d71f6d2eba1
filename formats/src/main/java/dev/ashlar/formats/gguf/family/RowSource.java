package dev.ashlar.formats.gguf.family;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.weights.StoredTensor;

/** A stored tensor that can give some of its rows as a tensor that is as good as itself. */
public interface RowSource {
  /**
   * Rows from {@code first} on.
   *
   * @param shape what they are together
   * @param width elements of a row
   */
  StoredTensor rows(long first, Shape shape, long width);
}
