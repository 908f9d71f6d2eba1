package dev.ashlar.tuning.layerwise.solver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Factors against the products that define them, at sizes on both sides of a block's. */
class CholeskyTest {
  private static Symmetric positive(int n) {
    Random random = new Random(n);
    double[][] x = new double[2 * n + 1][n];
    for (double[] row : x) {
      for (int j = 0; j < n; j++) {
        row[j] = random.nextGaussian() * (1 + j % 7);
      }
    }
    Symmetric a = new Symmetric(n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        for (double[] row : x) {
          a.rows()[i][j] += row[i] * row[j];
        }
      }
    }
    return a;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 63, 64, 65, 127, 130, 200, 577})
  void upperFactorAndInverse(int n) {
    Symmetric a = positive(n);
    Cholesky c = Cholesky.of(a).orElseThrow();
    float[] u = c.upperOfInverse();
    Symmetric inverse = c.inverse();
    for (int i = 0; i < n; i++) {
      assertTrue(u[i * n + i] > 0);
      for (int j = 0; j < i; j++) {
        assertEquals(0f, u[i * n + j]);
      }
    }
    for (int i = 0; i < n; i += Math.max(1, n / 40)) {
      for (int j = 0; j <= i; j++) {
        double product = 0;
        double unit = 0;
        for (int k = 0; k < n; k++) {
          product += (double) u[k * n + i] * u[k * n + j];
          unit += a.at(i, k) * inverse.at(k, j);
        }
        double size = Math.sqrt(inverse.at(i, i) * inverse.at(j, j));
        assertEquals(inverse.at(i, j), product, 1e-6 * size);
        assertEquals(i == j ? 1 : 0, unit, 1e-9);
      }
    }
  }

  @Test
  void whatIsNotPositiveDefiniteIsRefused() {
    Symmetric a = positive(90);
    a.rows()[70][70] = -1;
    assertTrue(Cholesky.of(a).isEmpty());
    a.rows()[70][70] = Double.NaN;
    assertTrue(Cholesky.of(a).isEmpty());
    assertTrue(Cholesky.of(new Symmetric(3)).isEmpty());
  }

  @Test
  void bitsDoNotDependOnThreads() {
    Symmetric a = positive(300);
    float[] one = Parallel.limited(1, () -> Cholesky.of(a).orElseThrow().upperOfInverse());
    float[] three = Parallel.limited(3, () -> Cholesky.of(a).orElseThrow().upperOfInverse());
    assertArrayEquals(one, three);
  }
}
