package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.Routing;
import dev.ashlar.nn.op.SparseMix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiConsumer;

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
  public void forEachTensor(BiConsumer<String, Tensor> f) {
    gate.forEachTensorAndWeight(f);
  }
}
