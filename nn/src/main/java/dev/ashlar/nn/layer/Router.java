package dev.ashlar.nn.layer;

import dev.ashlar.nn.op.Routing;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiFunction;

/**
 * Chooses experts for tokens and weighs them. Its matrix is not offered to {@code mapWeights}: it
 * is small, and an error in it sends tokens elsewhere, so that no method quantizes it.
 */
public interface Router {
  /** The choice for tokens {@code x [.., dim]}, to be applied to the tape. */
  Routing route(Tensor x, Tape tape);

  /** The same with the tensors that {@code f} gives by name, for all of them. */
  Router mapTensors(BiFunction<String, Tensor, Tensor> f);
}
