package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Embed;
import dev.ashlar.tensor.weights.StoredTensor;

/** The embedding vectors of all tokens, {@code [vocab, dim]}. */
sealed interface TokenTable {
  /** The rows of {@code ids}, {@code [ids, dim]}. */
  Tensor rows(int[] ids, Tape tape);

  /** Floats in memory; gradients flow to them. */
  record Dense(Tensor matrix) implements TokenTable {
    @Override
    public Tensor rows(int[] ids, Tape tape) {
      return tape.apply(new Embed(matrix, ids));
    }
  }

  /**
   * Rows that stay in the file until a token asks for them: widening a table of many tokens takes
   * longer than a short answer, and four bytes for each of its elements.
   */
  record Stored(StoredTensor matrix, Weights weights) implements TokenTable {
    @Override
    public Tensor rows(int[] ids, Tape tape) {
      int vocab = (int) matrix.shape().dim(0);
      int dim = (int) matrix.shape().dim(1);
      Tensor y = tape.workspace().take(ids.length, dim);
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] < 0 || ids[i] >= vocab) {
          throw new IllegalArgumentException(
              "token id " + ids[i] + " is outside the vocabulary of " + vocab);
        }
        matrix.read((long) ids[i] * dim, y.data(), i * dim, dim);
        weights.finite(matrix, y.data(), i * dim, dim);
      }
      return y;
    }
  }
}
