package dev.ashlar.tuning.finish;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.train.AdamW;
import java.util.Arrays;
import java.util.List;

/** A tensor that is tuned in place. */
final class TunedTensor {
  /** Gradients of a mean over all tokens are small: their size must not count. */
  static final float EPSILON = 1e-12f;

  private final Tensor tensor;
  private final Tensor gradient;
  private final AdamW adam;

  /**
   * @param tensor its values are changed
   */
  TunedTensor(Tensor tensor) {
    this.tensor = tensor;
    this.gradient = Tensor.zeros(tensor.shape());
    this.adam = new AdamW(List.of(tensor), 0, EPSILON);
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
      step(rate);
    }
  }

  /** A step by what was gathered since {@link #clear}. */
  void step(float rate) {
    adam.step(List.of(gradient), rate, 1);
  }
}
