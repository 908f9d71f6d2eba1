package dev.ashlar.tuning;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import java.util.Optional;

/** Takes what a run makes, unit after unit, layers in the model's order. */
@FunctionalInterface
public interface LayerSink {
  /**
   * @param module complete module name, without {@code .weight}
   * @param tensor the layer's codes, the receiver's to keep
   */
  void quantized(String module, QuantizedMatrix tensor);

  /** Whether this one wants to know what flows into layers; asked once, before the first unit. */
  default boolean weighs() {
    return false;
  }

  /**
   * Takes what each input of a layer counts, before the layer itself, if {@link #weighs}.
   *
   * @param module complete module name
   * @param squares sums of the squares of what flows into it in the run {@code [in]}; layers that
   *     read one input share the array
   */
  default void importance(String module, float[] squares) {}

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

  /** Takes layers and changed tensors of a result, in its order. */
  default void take(UnitResult result) {
    result.layers().forEach(this::quantized);
    result.tensors().forEach(this::changed);
  }

  /**
   * Hears that everything of a unit was given; units come in order. What belongs to no unit comes
   * after the last.
   *
   * @param unit its place, from 0
   * @param floats the unit as the model has it, where it happens to be in memory; not to be kept
   */
  default void finished(int unit, Optional<Unit> floats) {}
}
