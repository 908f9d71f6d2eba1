package dev.ashlar.engine.quantize;

import java.util.Arrays;

/**
 * How logits differ from what they should be, relative to their own size.
 *
 * @param whole over all of them, as root mean squares
 * @param median of the tokens' own errors
 */
record LogitError(double whole, double median) {
  /**
   * @param expected {@code [tokens·vocab]}
   */
  static LogitError of(float[] expected, float[] found, int tokens) {
    int vocab = expected.length / tokens;
    double[] own = new double[tokens];
    double difference = 0;
    double size = 0;
    for (int t = 0; t < tokens; t++) {
      double d = 0;
      double s = 0;
      for (int i = t * vocab; i < (t + 1) * vocab; i++) {
        double e = (double) found[i] - expected[i];
        d += e * e;
        s += (double) expected[i] * expected[i];
      }
      own[t] = ratio(d, s);
      difference += d;
      size += s;
    }
    Arrays.sort(own);
    return new LogitError(ratio(difference, size), own[tokens / 2]);
  }

  private static double ratio(double difference, double size) {
    return difference == 0 ? 0 : Math.sqrt(difference / size);
  }
}
