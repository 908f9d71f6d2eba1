package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.SelectChunks;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Gate;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.function.BiFunction;

/** A gated feed-forward whose gate and up are the two halves of one projection, in that order. */
public record FusedGatedFeedForward(Linear gateUp, Linear down, ActivationKernel.Function f)
    implements FeedForward {
  private static final int[] FIRST = {0};
  private static final int[] SECOND = {1};

  @Override
  public Tensor forward(Tensor x, Tape tape) {
    Tensor both = gateUp.forward(x, tape);
    int hidden = both.dim(-1) / 2;
    Tensor gate = tape.apply(new SelectChunks(both, hidden, FIRST));
    Tensor up = tape.apply(new SelectChunks(both, hidden, SECOND));
    return down.forward(tape.apply(new Gate(f, gate, up)), tape);
  }

  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> map) {
    return new FusedGatedFeedForward(gateUp.mapWeights(map), down.mapWeights(map), f);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> map) {
    return new FusedGatedFeedForward(gateUp.mapTensors(map), down.mapTensors(map), f);
  }
}
