package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.BlockScales;
import dev.ashlar.tensor.kernel.GridErrorKernel;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tuning.method.LinearLayer;

/**
 * Searches the scales of small floats as AutoRound does it: a block's largest magnitude is
 * multiplied by each of a list of factors, and the one is taken whose rounded weights are off
 * least, inputs counting by their importance. Powers of two change with a half and a double only;
 * FP8 scales with 0.50, 0.51 … 1.51.
 */
public final class BlockScaleSearch {
  private static final float[] POWERS = {1f, 0.5f, 2f};
  private static final int FIRST_PERCENT = 50;
  private static final int LAST_PERCENT = 151;
  private static final int WHOLE = 100;
  private static final int GRAIN = 1 << 8;

  private BlockScaleSearch() {}

  /** Whether AutoRound searches scales of this kind; others span what there is. */
  public static boolean searches(FloatGrid grid) {
    return grid.scale() != FloatGrid.Scale.F32;
  }

  private static float[] factors(FloatGrid grid) {
    if (grid.scale() == FloatGrid.Scale.E8M0) {
      return POWERS;
    }
    float[] factors = new float[LAST_PERCENT - FIRST_PERCENT + 1];
    factors[0] = 1;
    int at = 1;
    for (int percent = FIRST_PERCENT; percent <= LAST_PERCENT; percent++) {
      if (percent != WHOLE) {
        factors[at++] = percent / (float) WHOLE;
      }
    }
    return factors;
  }

  /**
   * The best scales of a layer whose scheme is a {@link FloatGrid}.
   *
   * @param importance of each input, {@code [in]}
   */
  public static BlockScales find(LinearLayer layer, float[] importance) {
    FloatGrid grid = (FloatGrid) layer.scheme();
    int in = layer.in();
    float[] w = layer.weight().data();
    BlockScales plain = new BlockScales(grid, layer.out(), in, w, layer.range());
    if (!searches(grid)) {
      return plain;
    }
    float[] factors = factors(grid);
    float[] best = new float[plain.count()];
    Importance.byGroup(
        layer.weight(),
        grid.effectiveBlock(in),
        grid.codeBits(),
        importance,
        GRAIN,
        () -> (at, group) -> best[at] = best(grid, plain, at, factors, group));
    return plain.times(best);
  }

  private static float best(
      FloatGrid grid, BlockScales plain, int block, float[] factors, GridErrorKernel.Group group) {
    FloatFormat format = grid.element();
    float best = 1;
    double least = Double.POSITIVE_INFINITY;
    for (float factor : factors) {
      float s = BlockScales.scale(grid, plain.largest(block) * factor, plain.global());
      double error = 0;
      for (int k = 0; k < group.n(); k++) {
        float x = group.weights()[group.at() + k];
        double off = s == 0 ? x : s * format.round(x / s) - x;
        error += group.importance()[group.importanceAt() + k] * off * off;
      }
      if (error < least) {
        least = error;
        best = factor;
      }
    }
    return best;
  }
}
