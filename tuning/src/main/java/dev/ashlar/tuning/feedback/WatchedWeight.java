package dev.ashlar.tuning.feedback;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiConsumer;

/**
 * A weight that shows what it gets and what it gives.
 *
 * @param inner what is multiplied with
 * @param seen gets the input {@code [.., in]} and the output {@code [.., out]}, valid during the
 *     call only
 */
record WatchedWeight(Weight inner, BiConsumer<Tensor, Tensor> seen) implements WrappedWeight {
  /** A weight that shows what it gets, and gives zeros without multiplying. */
  record Idle(int out, int in, BiConsumer<Tensor, Tensor> seen) implements Weight {
    /** In place of {@code weight}, for passes of which nobody looks at what comes behind it. */
    Idle(Weight weight, BiConsumer<Tensor, Tensor> seen) {
      this(weight.out(), weight.in(), seen);
    }

    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      Tensor y = tape.workspace().takeZeros(x.shape().withLast(out));
      seen.accept(x, y);
      return y;
    }
  }

  @Override
  public Tensor multiply(Tensor x, Tape tape) {
    Tensor y = inner.multiply(x, tape);
    seen.accept(x, y);
    return y;
  }
}
