package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;

/** A float that several values are near to whole multiples of. */
public final class UnsignedFit {
  private static final int TRIES = 15;
  private static final float BETWEEN = 0.1f;

  private UnsignedFit() {}

  /**
   * The float for factors from 0 to {@code largest}; 0 if all values are.
   *
   * @param kernel computes sums
   * @param values none negative
   * @param weights what an error of each counts
   */
  static float base(GridSumsKernel kernel, float[] values, float[] weights, int largest) {
    float most = 0;
    for (float value : values) {
      most = Math.max(most, value);
    }
    if (most < Float.MIN_NORMAL) {
      return 0;
    }
    Steps steps = Steps.whole(kernel, 0, largest, 2 * TRIES + 1);
    steps.begin(new Group(values.length, values, 0, weights, 0));
    for (int k = -TRIES; k <= TRIES; k++) {
      steps.add((largest + BETWEEN * k) / most);
    }
    float best = steps.best();
    return best > 0 ? best : most / largest;
  }
}
