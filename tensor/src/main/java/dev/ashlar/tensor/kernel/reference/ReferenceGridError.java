package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.GridErrorKernel;
import java.util.Arrays;

/** Errors of grids by their formula, in the order of sums that all backends keep. */
final class ReferenceGridError implements GridErrorKernel {
  @Override
  public void errors(Group group, Grids grids, float[] errors) {
    float[] sums = new float[PARTIALS];
    for (int c = 0; c < grids.count(); c++) {
      Arrays.fill(sums, 0f);
      for (int i = 0; i < group.n(); i++) {
        float w = group.weights()[group.at() + i];
        float rounded = (float) Math.rint(w * grids.inverses()[c]);
        float code = Math.min(Math.max(rounded, grids.lows()[c]), grids.highs()[c]);
        float error = grids.scales()[c] * code - w;
        sums[i % PARTIALS] += error * error * group.importance()[group.importanceAt() + i];
      }
      for (int half = PARTIALS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
          sums[i] += sums[i + half];
        }
      }
      errors[c] = sums[0];
    }
  }
}
