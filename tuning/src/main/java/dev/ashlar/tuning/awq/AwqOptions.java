package dev.ashlar.tuning.awq;

/**
 * What can be set of AWQ.
 *
 * @param grid points of the search for factors
 * @param duo whether factors also shrink channels whose weights are large
 * @param clip whether weights are clipped where that lessens the error
 * @param search whether scales are searched by opt-rtn behind the smoothing
 * @param tokens that candidates are compared on, about
 * @param finalists candidates that the module around the maps is run with: the best by the maps'
 *     own outputs
 */
public record AwqOptions(
    int grid, boolean duo, boolean clip, boolean search, int tokens, int finalists) {
  private static final int FEWEST = 3;
  private static final int MOST = 1000;
  private static final int MOST_TOKENS = 1 << 20;

  public AwqOptions {
    if (grid < FEWEST || grid > MOST) {
      throw new IllegalArgumentException("n_grid must be " + FEWEST + " to " + MOST + ": " + grid);
    }
    if (tokens < 1 || tokens > MOST_TOKENS) {
      throw new IllegalArgumentException("tokens must be 1 to " + MOST_TOKENS + ": " + tokens);
    }
    if (finalists < 1) {
      throw new IllegalArgumentException("finalists must be at least 1: " + finalists);
    }
  }

  /** AutoRound's defaults. */
  public static AwqOptions defaults() {
    return new AwqOptions(20, true, false, false, 2048, 20);
  }

  String describe() {
    return "n_grid="
        + grid
        + ", duo_scaling="
        + duo
        + ", apply_clip="
        + clip
        + ", search="
        + search
        + ", tokens="
        + tokens
        + ", finalists="
        + finalists;
  }
}
