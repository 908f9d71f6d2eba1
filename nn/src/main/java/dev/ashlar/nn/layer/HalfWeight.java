package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.HalfMatMul;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Optional;

/**
 * A float matrix in the 16 bits that a file holds it in, which does not change: a product reads
 * half the bytes of a {@link DenseWeight}'s. Gradients pass it.
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

  @Override
  public Optional<Tensor> floats() {
    return Optional.of(matrix.toTensor());
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    return tape.apply(new HalfMatMul(x, matrix));
  }
}
