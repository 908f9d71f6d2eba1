package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Gate;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.function.BiFunction;

/** {@code down(f(gate(x))·up(x))} (Shazeer, arXiv 2002.05202). */
public record GatedFeedForward(Linear gate, Linear up, Linear down, ActivationKernel.Function f)
    implements FeedForward {
  @Override
  public Tensor forward(Tensor x, Tape tape) {
    return down.forward(tape.apply(new Gate(f, gate.forward(x, tape), up.forward(x, tape))), tape);
  }

  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> map) {
    return new GatedFeedForward(gate.mapWeights(map), up.mapWeights(map), down.mapWeights(map), f);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> map) {
    return new GatedFeedForward(gate.mapTensors(map), up.mapTensors(map), down.mapTensors(map), f);
  }
}
