package dev.ashlar.tuning.quality;

import java.util.List;

/** How far a mean is from that of another sample. */
final class Spread {
  private Spread() {}

  /** Standard error of the mean: the sample deviation over the root of the number; NaN for one. */
  static double ofMean(List<Double> values) {
    double middle = values.stream().mapToDouble(v -> v).sum() / values.size();
    double squares = 0;
    for (double v : values) {
      squares += (v - middle) * (v - middle);
    }
    return Math.sqrt(squares / (values.size() - 1) / values.size());
  }
}
