package dev.ashlar.nn.layer;

import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;

/**
 * A float matrix in the 16 bits that a file holds it in, for inference: gradients cannot pass it. A
 * product reads half the bytes of a {@link DenseWeight}'s.
 *
 * @param matrix shared and not copied
 */
public record HalfWeight(HalfMatrix matrix) implements Weight {
  @Override
  public int out() {
    return matrix.out();
  }

  @Override
  public int in() {
    return matrix.in();
  }

  /**
   * @throws IllegalStateException if a gradient would have to flow to {@code x}
   */
  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    if (tape.tracks(x)) {
      throw new IllegalStateException(
          "gradients cannot flow through a weight of 16 bits ["
              + out()
              + ", "
              + in()
              + "]; tune or train the model in floats instead");
    }
    if (x.dim(-1) != in()) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x "
              + x.shape()
              + ", w ["
              + out()
              + ", "
              + in()
              + "]");
    }
    Tensor y = tape.workspace().take(x.shape().withLast(out()));
    tape.backend().matMul().xwt(x.rows(), x.data(), 0, matrix, y.data(), 0);
    return y;
  }
}
