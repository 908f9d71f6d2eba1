package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.quant.FloatGrid;

/**
 * The fake quantizer of small floats that SignRound tunes (arXiv 2309.05516, section 3, with
 * AutoRound's small floats): {@code ŵ = s·q(w/s + V)}, where {@code q} rounds to the nearest
 * element and ends at the largest. What scales are, {@link BlockScales} says.
 *
 * <p>All matrices are dense {@code [out, in]}, scales {@code [out, groups]}, of which rows that
 * share a scale have the same. A row of scales is all that a row of weights needs.
 */
public interface FloatFakeQuantKernel {
  /**
   * A weight matrix and what is trained for it.
   *
   * @param value V, or null for zeros
   * @param exact whether each element's step counts as a constant, so that the gradient of {@code
   *     q} is 1 within the range, its ends included. Otherwise it is that of auto-round 0.16.1, as
   *     its traces show: none passes at the ends, where what was rounded lands on them (in FP8: lay
   *     on them before), and in FP4 at zero; in the Microscaling formats the step depends on the
   *     element, which makes it {@code q/x} from twice the smallest normal element on
   */
  record Parameters(
      FloatGrid grid, int out, int in, float[] weight, float[] value, boolean exact) {}

  /**
   * The gradient of rounding {@code x} to {@code q}; see {@link Parameters#exact}.
   *
   * @param x in units of the scale
   */
  static float slope(FloatGrid grid, boolean exact, float x, float q) {
    float magnitude = Math.abs(x);
    float largest = grid.element().largest();
    if (exact) {
      return magnitude <= largest ? 1 : 0;
    }
    if (magnitude >= largest) {
      return 0;
    }
    boolean micro = grid.scale() == FloatGrid.Scale.E8M0;
    if (!micro && !grid.hasGlobal()) {
      return 1;
    }
    if (x == 0 || Math.abs(q) == largest) {
      return 0;
    }
    return micro && magnitude >= 2 * grid.element().smallestNormal() ? q / x : 1;
  }

  /**
   * Rounds rows {@code [from, to)}.
   *
   * @param scales {@code [out, groups]}, not negative; where one is zero so are the weights
   * @param quantized receives ŵ, or null
   * @param codes receives the elements' codes, or null
   */
  void forward(Parameters p, int from, int to, float[] scales, float[] quantized, byte[] codes);

  /**
   * Gradients of V and of the scales at the present parameters, given {@code gradient = ∂L/∂ŵ}.
   * Outputs are overwritten.
   *
   * @param dValue receives ∂L/∂V {@code [out, in]}
   * @param dScales receives what each row adds to ∂L/∂s, {@code [out, groups]}
   */
  void backward(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      float[] dValue,
      float[] dScales);

  /**
   * One SignSGD step of V fused with {@link #backward}: {@code V −= lr·sign(∂L/∂V)}, where {@code
   * sign(0) = 0}. The gradient of scales is that before the step.
   */
  void signStep(
      Parameters p, int from, int to, float[] gradient, float[] scales, float lr, float[] dScales);
}
