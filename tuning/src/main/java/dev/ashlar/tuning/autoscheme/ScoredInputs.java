package dev.ashlar.tuning.autoscheme;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.ActivationScheme;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * A weight whose inputs are rounded, and that says how much the loss minds that.
 *
 * @param inner what is multiplied with
 * @param inputs how they are rounded
 * @param score hears {@code Σ |∂L/∂x · (x − x̂)|} of each input when its gradient comes back
 */
record ScoredInputs(Weight inner, ActivationScheme inputs, DoubleConsumer score)
    implements WrappedWeight {
  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    // What inputs reach is found while tuning only.
    Op rounding = new RoundInputs(x, inputs.withoutData());
    return inner.multiply(tape.apply(new Rounding(x, rounding, score)), tape);
  }

  /** The rounding, straight-through, with its score. */
  private record Rounding(Tensor x, Op rounding, DoubleConsumer score) implements Op {
    @Override
    public List<Tensor> inputs() {
      return rounding.inputs();
    }

    @Override
    public Tensor forward(Tape tape) {
      return rounding.forward(tape);
    }

    @Override
    public void backward(Tensor out, Tensor dOut, Gradients gradients) {
      Tensor off = gradients.workspace().take(x.shape());
      for (int i = 0; i < x.size(); i++) {
        off.data()[i] = x.data()[i] - out.data()[i];
      }
      score.accept(BlockSensitivity.product(dOut, off));
      rounding.backward(out, dOut, gradients);
    }
  }
}
