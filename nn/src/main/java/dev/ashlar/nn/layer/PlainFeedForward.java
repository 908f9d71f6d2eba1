package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.function.BiFunction;

/** {@code down(f(up(x)))}. */
public record PlainFeedForward(Linear up, Linear down, ActivationKernel.Function f)
    implements FeedForward {
  @Override
  public Tensor forward(Tensor x, Tape tape) {
    return down.forward(tape.apply(new Activate(f, up.forward(x, tape))), tape);
  }

  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> map) {
    return new PlainFeedForward(up.mapWeights(map), down.mapWeights(map), f);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> map) {
    return new PlainFeedForward(up.mapTensors(map), down.mapTensors(map), f);
  }
}
