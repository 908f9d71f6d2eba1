package dev.ashlar.tensor.blocks;

/** What the error of each element of a block counts. */
public final class Weights {
  private Weights() {}

  /**
   * The importance of the column times the size of the value, of which zero has some too: {@code
   * h·sqrt(mean(x²) + x²)}, with the mean over the block. Where nothing is known of columns, all
   * are alike; to take large values for important ones any further, by their squares, say, made
   * errors of real inputs larger (docs/performance.md, GGUF's encoders).
   *
   * @return the weights of {@code n} elements from column {@code from} on; none is negative
   */
  public static float[] of(Row row, int from, int n) {
    float[] x = row.values();
    float[] importance = row.importance();
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += (double) x[i] * x[i];
    }
    float mean = (float) (sum / n);
    float[] w = new float[n];
    for (int i = 0; i < n; i++) {
      float size = (float) Math.sqrt(mean + x[from + i] * x[from + i]);
      w[i] = importance == null ? size : importance[from + i] * size;
    }
    return w;
  }
}
