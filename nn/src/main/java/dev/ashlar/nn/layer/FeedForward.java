package dev.ashlar.nn.layer;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.function.BiFunction;

/** The position-wise half of a block. */
public interface FeedForward {
  /** {@code x [batch, length, dim]} to the same shape. */
  Tensor forward(Tensor x, Tape tape);

  /** The same with the weights that {@code f} gives, by module name. */
  FeedForward mapWeights(BiFunction<String, Weight, Weight> f);

  /**
   * The same with the tensors that {@code f} gives by name for those that are not weights of linear
   * maps.
   */
  FeedForward mapTensors(BiFunction<String, Tensor, Tensor> f);
}
