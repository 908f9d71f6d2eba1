package dev.ashlar.tuning.method;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.Consumer;

/**
 * A weight that shows its inputs to somebody and is otherwise what it was.
 *
 * @param inner what is multiplied with
 * @param observer sees each input {@code [.., in]}, valid during the call only
 */
public record ObservedWeight(Weight inner, Consumer<Tensor> observer) implements Weight {
  @Override
  public int out() {
    return inner.out();
  }

  @Override
  public int in() {
    return inner.in();
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    observer.accept(x);
    return inner.multiply(x, tape);
  }
}
