package dev.ashlar.nn.runner;

import dev.ashlar.tensor.Tensor;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A model that continues sequences. Each sequence has a {@link SequenceCache}; a call takes new
 * tokens of any number of them, of each as many as there are, so that the prompt of one and the
 * next tokens of others are computed together.
 *
 * <p>A runner owns buffers and the memory of its caches. Not thread-safe.
 */
public interface Runner {
  /** Elements of a hidden state. */
  int dim();

  /** Tokens that the model knows, from 0. */
  int vocab();

  /** An empty cache, for this runner only. */
  SequenceCache newCache();

  /**
   * Hidden states of new tokens after all blocks, before the final norm: {@code [tokens, dim]},
   * those of the first part, then those of the second, and so on. Afterwards the caches hold the
   * tokens.
   *
   * <p>A sequence's states do not depend on which others are in the batch, but for the rounding of
   * matrix products, whose order of summation may depend on how many rows there are in all.
   *
   * @param cancelled is asked from time to time
   * @return valid until the next call of this method
   * @throws IllegalArgumentException if there are no parts, if a cache is another runner's or
   *     occurs twice, or if a token is outside the vocabulary
   * @throws CancellationException if {@code cancelled} said so; the caches hold what they held
   */
  Tensor hidden(List<Part> batch, BooleanSupplier cancelled);

  /**
   * Final norm and output map: logits {@code [rows, vocab]}.
   *
   * @param hidden {@code [rows, dim]}, all or some of what {@link #hidden} gave, or a copy
   * @return valid until the next call of this method or of {@link #hidden}
   */
  Tensor head(Tensor hidden);

  /**
   * New tokens of one sequence.
   *
   * @param cache what came before
   * @param ids at least one; not copied
   * @param horizon the length that the sequence will have, where it is known: rotary embeddings
   *     that depend on the length of the sequence then do not depend on how it is fed. What is less
   *     than the tokens there are counts as that
   */
  record Part(SequenceCache cache, int[] ids, int horizon) {
    /** Tokens of a sequence that ends with them, as far as is known. */
    public static Part of(SequenceCache cache, int... ids) {
      return new Part(cache, ids, 0);
    }
  }
}
