package dev.ashlar.tuning.awq;

/**
 * What can be set of AWQ.
 *
 * @param grid points of the search for factors
 * @param duo whether factors also shrink channels whose weights are large
 * @param clip whether weights are clipped where that lessens the error
 * @param search whether scales are searched by opt-rtn behind the smoothing
 */
public record AwqOptions(int grid, boolean duo, boolean clip, boolean search) {
  private static final int FEWEST = 3;
  private static final int MOST = 1000;

  public AwqOptions {
    if (grid < FEWEST || grid > MOST) {
      throw new IllegalArgumentException("n_grid must be " + FEWEST + " to " + MOST + ": " + grid);
    }
  }

  /** AutoRound's defaults. */
  public static AwqOptions defaults() {
    return new AwqOptions(20, true, false, false);
  }

  String describe() {
    return "n_grid="
        + grid
        + ", duo_scaling="
        + duo
        + ", apply_clip="
        + clip
        + ", search="
        + search;
  }
}
