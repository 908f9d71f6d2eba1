package dev.ashlar.tensor.kernel;

/**
 * How badly weights fit integer grids of different steps: what searches for scales ask, hundreds of
 * times for each group.
 *
 * <p>Every backend and vector width gives the same bits, so that a search ends the same everywhere:
 * element {@code i} goes to partial sum {@code i mod }{@value #PARTIALS}, sums are folded as a tree
 * of halves, and no step is fused.
 */
public interface GridErrorKernel {
  /** Sums that run beside each other. */
  int PARTIALS = 16;

  /**
   * Weights, and how much each counts.
   *
   * @param n how many
   * @param weights they lie from {@code at} on
   * @param importance from {@code importanceAt} on
   */
  record Group(int n, float[] weights, int at, float[] importance, int importanceAt) {}

  /**
   * Grids: candidate {@code c} has the step {@code scales[c]} and the whole multiples from {@code
   * lows[c]} to {@code highs[c]}; its codes are {@code rint(w · inverses[c])}, clamped to these,
   * ties to even.
   *
   * @param count candidates
   * @param inverses one over the scale, or zero where that would overflow
   */
  record Grids(int count, float[] inverses, float[] scales, float[] lows, float[] highs) {
    /** Room for {@code most} candidates, none of them set. */
    public static Grids room(int most) {
      return new Grids(most, new float[most], new float[most], new float[most], new float[most]);
    }

    /** Sets a candidate. */
    public void set(int c, float inverse, float scale, float low, float high) {
      inverses[c] = inverse;
      scales[c] = scale;
      lows[c] = low;
      highs[c] = high;
    }

    /** The first {@code fewer} candidates, in the same arrays. */
    public Grids first(int fewer) {
      return new Grids(fewer, inverses, scales, lows, highs);
    }
  }

  /**
   * {@code Σ importance · (scale · code − w)²} of each candidate, in floats.
   *
   * @param errors receives {@code [count]}
   */
  void errors(Group group, Grids grids, float[] errors);
}
