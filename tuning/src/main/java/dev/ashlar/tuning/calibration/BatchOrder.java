package dev.ashlar.tuning.calibration;

import java.util.Arrays;
import java.util.Random;

/** Which samples each iteration of a tuning sees. */
@FunctionalInterface
public interface BatchOrder {
  /** The samples of the next iteration; always as many as the batch has. */
  int[] next();

  /**
   * Consecutive slices of a shuffled list, which is shuffled again, its tail dropped, when it no
   * longer holds a whole batch.
   *
   * @param samples how many there are
   * @param batch how many one iteration sees, at most {@code samples}
   */
  static BatchOrder shuffled(int samples, int batch, long seed) {
    if (batch < 1 || batch > samples) {
      throw new IllegalArgumentException("a batch of " + batch + " from " + samples + " samples");
    }
    Random random = new Random(seed);
    int[] list = new int[samples];
    Arrays.setAll(list, i -> i);
    int[] at = {samples};
    return () -> {
      if (at[0] + batch > samples) {
        Shuffle.inPlace(list, random);
        at[0] = 0;
      }
      at[0] += batch;
      return Arrays.copyOfRange(list, at[0] - batch, at[0]);
    };
  }
}
