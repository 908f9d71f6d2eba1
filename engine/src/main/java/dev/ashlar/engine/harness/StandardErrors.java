package dev.ashlar.engine.harness;

import dev.ashlar.tensor.Parallel;

/**
 * Standard errors as the Language Model Evaluation Harness gives them: of a mean by the sample
 * deviation, of a perplexity by a bootstrap of 100,000 samples with fixed seeds.
 */
final class StandardErrors {
  private static final int CHUNKS = 100;
  private static final int CHUNK = 1000;

  private StandardErrors() {}

  static double mean(double[] values) {
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return sum / values.length;
  }

  /** Of the mean of {@code values}; NaN for one value. */
  static double ofMean(double[] values) {
    return deviation(values) / Math.sqrt(values.length);
  }

  private static double deviation(double[] values) {
    double middle = mean(values);
    double squares = 0;
    for (double v : values) {
      squares += (v - middle) * (v - middle);
    }
    return Math.sqrt(squares / (values.length - 1));
  }

  /** Of {@code exp(−mean)} of log-likelihoods. */
  static double ofPerplexity(double[] logs) {
    if (logs.length < 2) {
      return Double.NaN;
    }
    double[] found = new double[CHUNKS * CHUNK];
    Parallel.rows(
        CHUNKS,
        1,
        (from, to) -> {
          for (int c = from; c < to; c++) {
            PythonRandom random = new PythonRandom(c);
            for (int i = 0; i < CHUNK; i++) {
              double sum = 0;
              for (int k = 0; k < logs.length; k++) {
                sum += logs[random.choice(logs.length)];
              }
              found[c * CHUNK + i] = Math.exp(-sum / logs.length);
            }
          }
        });
    return deviation(found);
  }
}
