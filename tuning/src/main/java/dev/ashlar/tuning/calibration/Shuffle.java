package dev.ashlar.tuning.calibration;

import java.util.Random;

/** Permutations that depend on a seed and on nothing else. */
public final class Shuffle {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Shuffle() {}

  /** Shuffles in place; {@code random} decides, whose algorithm its class promises to keep. */
  public static void inPlace(int[] list, Random random) {
    for (int i = list.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
  }

  /** The numbers below {@code n}, shuffled. */
  public static int[] order(int n, long seed) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    inPlace(order, new Random(seed));
    return order;
  }

  /** A seed for part {@code index} of a job, unrelated to those of its neighbours. */
  public static long seed(long jobSeed, int index) {
    long z = jobSeed + GOLDEN * (index + 1L);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
