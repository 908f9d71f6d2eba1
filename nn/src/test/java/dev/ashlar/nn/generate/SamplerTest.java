package dev.ashlar.nn.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int DRAWS = 20_000;

  /** Logits whose softmax is 0.5, 0.3, 0.15, 0.05 at indices 2, 0, 3, 1. */
  private static final float[] LOGITS = {log(0.3), log(0.05), log(0.5), log(0.15)};

  private static float log(double p) {
    return (float) Math.log(p);
  }

  @Test
  void greedyTakesTheFirstOfTheLargest() {
    assertEquals(1, Sampler.greedy().sample(new float[] {0, 3, 3, -1}, 0, 4));
    assertEquals(0, Sampler.greedy().sample(new float[] {9, 9, 1, 2}, 2, 1));
  }

  @Test
  void frequenciesFollowTheProbabilities() {
    assertFrequencies(new Sampler(1, 0, 1, 7), 0.3, 0.05, 0.5, 0.15);
  }

  @Test
  void temperatureSharpens() {
    double sum = 0.09 + 0.0025 + 0.25 + 0.0225;
    assertFrequencies(
        new Sampler(0.5, 0, 1, 7), 0.09 / sum, 0.0025 / sum, 0.25 / sum, 0.0225 / sum);
  }

  @Test
  void topKLeavesTheLargest() {
    assertFrequencies(new Sampler(1, 2, 1, 7), 0.375, 0, 0.625, 0);
    assertEquals(2, new Sampler(1, 1, 1, 7).sample(LOGITS, 0, 4));
    assertFrequencies(new Sampler(1, 50, 1, 7), 0.3, 0.05, 0.5, 0.15);
  }

  @Test
  void topPLeavesTheSmallestSetThatReachesIt() {
    assertFrequencies(new Sampler(1, 0, 0.6, 7), 0.375, 0, 0.625, 0);
    assertFrequencies(new Sampler(1, 0, 1e-9, 7), 0, 0, 1, 0);
    double sum = 0.95;
    assertFrequencies(new Sampler(1, 0, 0.9, 7), 0.3 / sum, 0, 0.5 / sum, 0.15 / sum);
  }

  @Test
  void theSameSeedDrawsTheSameTokens() {
    SplittableRandom random = new SplittableRandom(3);
    float[] logits = new float[1000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (4 * random.nextDouble());
    }
    assertArrayEquals(
        draws(new Sampler(0.8, 40, 0.95, 42), logits),
        draws(new Sampler(0.8, 40, 0.95, 42), logits));
    assertTrue(
        !Arrays.equals(
            draws(new Sampler(0.8, 40, 0.95, 42), logits),
            draws(new Sampler(0.8, 40, 0.95, 43), logits)));
  }

  @Test
  void logitsThatAreNotNumbersAreRefused() {
    assertThrows(
        NotFiniteException.class, () -> Sampler.greedy().sample(new float[] {0, Float.NaN}, 0, 2));
    assertEquals(1, new Sampler(1, 0, 1, 1).sample(new float[] {Float.NEGATIVE_INFINITY, 0}, 0, 2));
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Sampler(-1, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampler(Double.NaN, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampler(1, -1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampler(1, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampler(1, 0, 1.1, 0));
  }

  private static int[] draws(Sampler sampler, float[] logits) {
    int[] draws = new int[50];
    for (int i = 0; i < draws.length; i++) {
      draws[i] = sampler.sample(logits, 0, logits.length);
    }
    return draws;
  }

  private static void assertFrequencies(Sampler sampler, double... expected) {
    int[] counts = new int[expected.length];
    for (int i = 0; i < DRAWS; i++) {
      counts[sampler.sample(LOGITS, 0, LOGITS.length)]++;
    }
    for (int i = 0; i < expected.length; i++) {
      double found = counts[i] / (double) DRAWS;
      // Five standard deviations of a binomial share.
      double bound = 5 * Math.sqrt(expected[i] * (1 - expected[i]) / DRAWS);
      assertEquals(expected[i], found, bound + 1e-12, "token " + i);
    }
  }
}
