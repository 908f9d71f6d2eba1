package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.CodedMatMul;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/**
 * A quantized matrix that gradients pass and that does not change: for training something beside
 * it. It holds codes, a byte each; floats of it are made for each product.
 *
 * @param matrix shared and not copied
 */
public record FrozenWeight(QuantizedMatrix matrix) implements Weight {
  /** {@code matrix} with inputs taken as its scheme says. */
  public static Weight of(QuantizedMatrix matrix) {
    return RoundingWeight.of(new FrozenWeight(matrix), matrix.inputs());
  }

  @Override
  public int out() {
    return matrix.out();
  }

  @Override
  public int in() {
    return matrix.in();
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    return tape.apply(new CodedMatMul(x, matrix));
  }
}
