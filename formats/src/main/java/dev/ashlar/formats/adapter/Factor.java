package dev.ashlar.formats.adapter;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Path;

/** What is asked of the tensor of a factor before the model is known. */
final class Factor {
  private Factor() {}

  /**
   * Refuses what is no matrix of floats, or of another rank.
   *
   * @param rankAt which of the two extents is the rank
   * @param why who says which rank it is
   */
  static void require(Path file, StoredTensor factor, int rank, int rankAt, String why) {
    if (factor.shape().rank() != 2 || factor.shape().dim(rankAt) != rank) {
      throw InputException.in(file)
          .place(factor.name())
          .expected(rankAt == 0 ? "shape [" + rank + ", inputs]" : "shape [outputs, " + rank + "]")
          .found("shape " + factor.shape())
          .hint(why)
          .exception();
    }
    if (!factor.dtype().isFloat()) {
      throw InputException.in(file)
          .place(factor.name())
          .expected("a float type")
          .found(factor.storage())
          .exception();
    }
  }
}
