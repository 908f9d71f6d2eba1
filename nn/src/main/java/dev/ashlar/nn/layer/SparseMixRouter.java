package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.Routing;
import dev.ashlar.nn.op.SparseMix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiFunction;

/**
 * See {@link SparseMix}.
 *
 * @param gate from the hidden state to one logit per expert
 */
public record SparseMixRouter(Linear gate, double jitter) implements Router {
  @Override
  public Routing route(Tensor x, Tape tape) {
    return new SparseMix(gate.forward(x, tape), jitter);
  }

  @Override
  public Router mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return new SparseMixRouter(gate.mapTensorsAndWeight(f), jitter);
  }
}
