package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.quant.SuperGrid;

/**
 * One super-block of ranges on two levels: groups' scales and minimums that span their ranges, each
 * rounded to a whole multiple of a float of half precision (GGUF's k-quants without a search).
 *
 * <p>Not for several threads; made once and used for many blocks.
 */
public final class SuperRange {
  private final SuperGrid grid;
  private final float[] steps;
  private final float[] belows;
  private float step;
  private float below;

  /** Room for blocks of a grid. */
  public SuperRange(SuperGrid grid) {
    this.grid = grid;
    this.steps = new float[grid.perBlock()];
    this.belows = new float[grid.perBlock()];
  }

  /**
   * Rounds a block's scales and minimums.
   *
   * @param low smallest weight of each group, none above zero, from {@code at}
   * @param high largest weight of each group, none below zero, from {@code at}
   * @param scales receives the groups' scales, from {@code at}
   * @param minimums receives their minimums, from {@code at}; zeros where there are none
   */
  public void round(float[] low, float[] high, int at, byte[] scales, byte[] minimums) {
    int n = grid.perBlock();
    float most = 0;
    float lowest = 0;
    for (int j = 0; j < n; j++) {
      steps[j] =
          grid.symmetric() ? signed(low[at + j], high[at + j]) : span(low[at + j], high[at + j]);
      belows[j] = grid.symmetric() ? 0 : -low[at + j];
      most = Math.abs(steps[j]) > Math.abs(most) ? steps[j] : most;
      lowest = Math.max(lowest, belows[j]);
    }
    int factors = grid.symmetric() ? -grid.signedScales() : grid.maxScale();
    step = Halves.nearest(most / factors);
    below = grid.symmetric() ? 0 : Halves.nearest(lowest / grid.maxMinimum());
    for (int j = 0; j < n; j++) {
      int least = grid.symmetric() ? -grid.signedScales() : 0;
      int largest = grid.symmetric() ? grid.signedScales() - 1 : grid.maxScale();
      scales[at + j] = factor(steps[j], step, least, largest);
      minimums[at + j] = factor(belows[j], below, 0, grid.maxMinimum());
    }
  }

  private float span(float low, float high) {
    return (high - low) / grid.maxCode();
  }

  /** The full-range signed scale: the longer side is the negative one. */
  private float signed(float low, float high) {
    return (high < -low ? -low : -high) / grid.middle();
  }

  private static byte factor(float value, float base, int least, int most) {
    return (byte) (base == 0 ? 0 : Math.clamp((long) Math.rint(value / base), least, most));
  }

  /** The float that scales are multiples of. */
  public float step() {
    return step;
  }

  /** The float that minimums are multiples of. */
  public float below() {
    return below;
  }
}
