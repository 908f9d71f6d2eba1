package dev.ashlar.bench.laboratory;

/** What is fast and wrong is not measured. */
final class Answers {
  private Answers() {}

  /** Refuses what is further from the expected value than the tolerance. */
  static void agree(double expected, double found, double tolerance) {
    if (!(Math.abs(expected - found) <= tolerance)) {
      throw new IllegalStateException("expected " + expected + ", found " + found);
    }
  }
}
