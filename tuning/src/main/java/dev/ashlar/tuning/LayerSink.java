package dev.ashlar.tuning;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/** Takes what a run makes, unit after unit, layers in the model's order. */
@FunctionalInterface
public interface LayerSink {
  /**
   * @param module complete module name, without {@code .weight}
   * @param tensor the layer's codes, the receiver's to keep
   */
  void quantized(String module, QuantizedMatrix tensor);

  /**
   * Takes a tensor that a method has changed beside the codes (a norm, a bias, a matrix that stays
   * float), after the layers of its unit.
   *
   * @param name complete checkpoint name
   * @param tensor the receiver's to keep
   * @throws UnsupportedOperationException unless it is overridden: losing one silently would be
   *     worse
   */
  default void changed(String name, Tensor tensor) {
    throw new UnsupportedOperationException("nothing here takes changed tensors: " + name);
  }

  /**
   * Hears that everything of a unit was given; units come in order. What belongs to no unit comes
   * after the last.
   *
   * @param unit its place, from 0
   */
  default void finished(int unit) {}
}
