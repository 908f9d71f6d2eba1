package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.ClampedGate;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiFunction;

/** A feed-forward around a {@link ClampedGate}. */
public record ClampedFeedForward(Linear gateUp, Linear down, float alpha, float limit)
    implements FeedForward {
  @Override
  public Tensor forward(Tensor x, Tape tape) {
    return down.forward(tape.apply(new ClampedGate(gateUp.forward(x, tape), alpha, limit)), tape);
  }

  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> map) {
    return new ClampedFeedForward(gateUp.mapWeights(map), down.mapWeights(map), alpha, limit);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> map) {
    return new ClampedFeedForward(gateUp.mapTensors(map), down.mapTensors(map), alpha, limit);
  }
}
