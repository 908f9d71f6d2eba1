package dev.ashlar.tensor.kernel.vector.pointwise;

import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.F;
import static dev.ashlar.tensor.kernel.vector.lanes.Lanes.L;

import dev.ashlar.tensor.kernel.GridErrorKernel;
import jdk.incubator.vector.FloatVector;

/**
 * Errors of grids, sixteen weights at a time in one vector or several. Adding 1.5·2^23 rounds half
 * to even; what lies so far out that this is coarse is clamped anyway.
 */
public final class VectorGridError implements GridErrorKernel {
  private static final float ROUND = 12582912f;

  @Override
  public void errors(Group group, Grids grids, float[] errors) {
    float[] sums = new float[PARTIALS];
    int whole = group.n() - group.n() % PARTIALS;
    for (int c = 0; c < grids.count(); c++) {
      float inverse = grids.inverses()[c];
      float scale = grids.scales()[c];
      float low = grids.lows()[c];
      float high = grids.highs()[c];
      for (int lane = 0; lane < PARTIALS; lane += L) {
        lanes(group, whole, lane, inverse, scale, low, high).intoArray(sums, lane);
      }
      for (int i = whole; i < group.n(); i++) {
        float w = group.weights()[group.at() + i];
        float code = Math.min(Math.max((float) Math.rint(w * inverse), low), high);
        float error = scale * code - w;
        sums[i - whole] += error * error * group.importance()[group.importanceAt() + i];
      }
      errors[c] = folded(sums);
    }
  }

  /** Sums of the elements that are {@code lane} to {@code lane + L − 1} modulo sixteen. */
  private static FloatVector lanes(
      Group group, int whole, int lane, float inverse, float scale, float low, float high) {
    float[] weights = group.weights();
    float[] importance = group.importance();
    int at = group.at() + lane;
    int importanceAt = group.importanceAt() + lane;
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < whole; i += PARTIALS) {
      FloatVector w = FloatVector.fromArray(F, weights, at + i);
      FloatVector code = w.mul(inverse).add(ROUND).sub(ROUND).max(low).min(high);
      FloatVector error = code.mul(scale).sub(w);
      sum = error.mul(error).mul(FloatVector.fromArray(F, importance, importanceAt + i)).add(sum);
    }
    return sum;
  }

  private static float folded(float[] sums) {
    for (int half = PARTIALS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[0];
  }
}
