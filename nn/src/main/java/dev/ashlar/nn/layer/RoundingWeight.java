package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.RoundInputs;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.ActivationScheme;
import java.util.Optional;

/**
 * A weight whose inputs are rounded before it is multiplied.
 *
 * @param inner what is multiplied with
 * @param inputs how they are rounded
 */
public record RoundingWeight(Weight inner, ActivationScheme inputs) implements WrappedWeight {
  /** {@code inner} with inputs rounded as {@code inputs} says, or as it is if that is empty. */
  public static Weight of(Weight inner, Optional<ActivationScheme> inputs) {
    return inputs.isPresent() ? new RoundingWeight(inner, inputs.get()) : inner;
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    return inner.multiply(tape.apply(new RoundInputs(x, inputs)), tape);
  }
}
