package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Optional;

/**
 * The matrix {@code [out, in]} of a linear map, whatever it is stored as: dense, packed, observed
 * by a calibration, or under tuning. Replacing the weights of a block ({@code block.mapWeights}) is
 * all that quantization needs of a model.
 */
public interface Weight {
  /** Rows of the matrix. */
  int out();

  /** Columns of the matrix. */
  int in();

  /**
   * {@code y = x·wᵀ}, without any bias.
   *
   * @param x {@code [.., in]}
   * @return {@code [.., out]}, in a buffer of the tape's workspace that the caller may change: no
   *     gradient is made of its content
   */
  Tensor multiply(Tensor x, Tape tape);

  /**
   * The matrix as floats, if it holds floats and nothing is done beside its product: a dense
   * weight's own tensor, a copy of one in 16 bits; empty for codes.
   */
  default Optional<Tensor> floats() {
    return Optional.empty();
  }
}
