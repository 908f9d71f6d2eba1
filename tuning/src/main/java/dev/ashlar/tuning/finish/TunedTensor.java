package dev.ashlar.tuning.finish;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;

/** A tensor that is tuned in place. */
final class TunedTensor {
  private final Tensor tensor;
  private final Tensor gradient;
  private final Adam adam;

  /**
   * @param tensor its values are changed
   */
  TunedTensor(Tensor tensor) {
    this.tensor = tensor;
    this.gradient = Tensor.zeros(tensor.shape());
    this.adam = new Adam(tensor.data());
  }

  Tensor tensor() {
    return tensor;
  }

  /** Asks for its gradient, to be added to what came before or not. */
  void watch(Tape tape, boolean accumulate) {
    tape.watch(tensor, gradient, accumulate);
  }

  /** Makes the gradient zero, for batches in parts. */
  void clear() {
    Arrays.fill(gradient.data(), 0, gradient.size(), 0f);
  }

  /** A step, if gradients came. */
  void step(Gradients gradients, float rate) {
    if (gradients.of(tensor) != null) {
      adam.step(gradient.data(), rate);
    }
  }

  /** A step by what was gathered since {@link #clear}. */
  void step(float rate) {
    adam.step(gradient.data(), rate);
  }
}
