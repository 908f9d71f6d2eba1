package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.MatMul;
import java.util.Optional;

/**
 * A float matrix; gradients flow to it and through it.
 *
 * @param matrix {@code [out, in]}, shared and not copied
 */
public record DenseWeight(Tensor matrix) implements Weight {
  public DenseWeight {
    if (matrix.shape().rank() != 2) {
      throw new IllegalArgumentException("a weight is a matrix, found shape " + matrix.shape());
    }
  }

  @Override
  public int out() {
    return matrix.dim(0);
  }

  @Override
  public int in() {
    return matrix.dim(1);
  }

  @Override
  public Optional<Tensor> floats() {
    return Optional.of(matrix);
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    return tape.apply(new MatMul(x, matrix));
  }
}
