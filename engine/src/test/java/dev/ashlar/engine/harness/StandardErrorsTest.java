package dev.ashlar.engine.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Held to what Python 3.11 printed. */
class StandardErrorsTest {
  @Test
  void randomNumbersArePythons() {
    PythonRandom zero = new PythonRandom(0);
    assertEquals(0.8444218515250481, zero.random());
    assertEquals(0.7579544029403025, zero.random());
    assertEquals(0.420571580830845, zero.random());
    PythonRandom other = new PythonRandom(99);
    assertEquals(0.40397807494366633, other.random());
    other.random();
    assertEquals(0.17880232058661227, other.random());
    for (int expected : new int[] {1, 5, 1, 2, 4, 3, 6, 3}) {
      assertEquals(expected, other.choice(7));
    }
    PythonRandom far = new PythonRandom(5);
    for (int i = 0; i < 1000; i++) {
      far.random();
    }
    assertEquals(0.8713187027692235, far.random());
  }

  @Test
  void aPerplexityIsBootstrappedWithTheHarnessesSeeds() {
    double[] logs = {-1.5, -0.25, -3.0, -2.125, -0.75};
    assertEquals(2.3382977568434233, StandardErrors.ofPerplexity(logs), 1e-12);
    assertTrue(Double.isNaN(StandardErrors.ofPerplexity(new double[] {-1})));
  }

  @Test
  void aMeanHasTheSampleDeviation() {
    double[] values = {1, 0, 1, 1};
    assertEquals(0.75, StandardErrors.mean(values));
    assertEquals(0.25, StandardErrors.ofMean(values), 1e-15);
  }
}
