package dev.ashlar.cli.bench.report;

import java.util.Arrays;

/**
 * Seconds of one call in a number of rounds.
 *
 * @param min of the fastest round
 * @param median what counts
 * @param max of the slowest round
 */
public record Spread(double min, double median, double max, int rounds) {
  /**
   * That of some rounds.
   *
   * @param seconds of one call in each round, an odd number of them
   */
  public static Spread of(double... seconds) {
    double[] sorted = seconds.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Spread(sorted[0], sorted[n / 2], sorted[n - 1], n);
  }

  /** Whether some time lies within both, so that their difference may be chance. */
  public boolean overlaps(Spread other) {
    return min <= other.max && other.min <= max;
  }

  /** How far the rounds are apart, as a share of the median. */
  public double relative() {
    return (max - min) / median;
  }
}
