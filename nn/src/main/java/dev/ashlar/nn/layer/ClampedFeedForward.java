package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.ClampedGate;
import dev.ashlar.nn.op.ConcatColumns;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A feed-forward around a {@link ClampedGate}.
 *
 * @param gateUp one map, or several whose outputs lie side by side
 */
public record ClampedFeedForward(List<Linear> gateUp, Linear down, float alpha, float limit)
    implements FeedForward {
  public ClampedFeedForward {
    gateUp = List.copyOf(gateUp);
  }

  @Override
  public Tensor forward(Tensor x, Tape tape) {
    List<Tensor> parts = new ArrayList<>();
    gateUp.forEach(l -> parts.add(l.forward(x, tape)));
    Tensor whole = parts.size() == 1 ? parts.getFirst() : tape.apply(new ConcatColumns(parts));
    return down.forward(tape.apply(new ClampedGate(whole, alpha, limit)), tape);
  }

  @Override
  public FeedForward mapWeights(BiFunction<String, Weight, Weight> map) {
    return new ClampedFeedForward(
        gateUp.stream().map(l -> l.mapWeights(map)).toList(), down.mapWeights(map), alpha, limit);
  }

  @Override
  public FeedForward mapTensors(BiFunction<String, Tensor, Tensor> map) {
    return new ClampedFeedForward(
        gateUp.stream().map(l -> l.mapTensors(map)).toList(), down.mapTensors(map), alpha, limit);
  }
}
