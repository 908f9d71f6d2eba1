package dev.ashlar.tensor.autograd;

import dev.ashlar.tensor.Tensor;
import java.util.List;

/**
 * An operation whose results are remembered where others are computed once more, since they take
 * long: products and attention. See {@link Remembered}.
 */
public interface CostlyOp extends Op {
  /**
   * What {@link #forward} made and {@link #backward}, or an operation behind it, reads.
   *
   * @param out what {@code forward} gave
   * @return {@code out} first
   */
  default List<Tensor> results(Tensor out) {
    return List.of(out);
  }

  /**
   * Takes the results of an equal operation on the same inputs instead of computing them.
   *
   * @param results as {@link #results} gave them
   * @return the output
   */
  default Tensor restored(List<Tensor> results) {
    return results.getFirst();
  }
}
