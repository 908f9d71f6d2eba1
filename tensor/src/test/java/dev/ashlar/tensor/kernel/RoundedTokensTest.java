package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link ActivationPrecision#INT8_TOKEN}: one step for each row, codes of any width. */
class RoundedTokensTest {
  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private static QuantizedMatrix matrix(Random random, int out, int in, IntegerGrid grid) {
    byte[] codes = new byte[out * in];
    float[] scales = new float[out * grid.groups(in)];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << grid.bits());
    }
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (float) random.nextGaussian() / 64;
      zeros[i] = (byte) (grid.symmetric() ? grid.middle() : random.nextInt(1 << grid.bits()));
    }
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  private static float[] rows(Random random, int m, int in) {
    float[] x = new float[m * in];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian() * (i / in + 1);
    }
    return x;
  }

  /** The definition: each input to the nearest multiple of its row's largest magnitude over 127. */
  private static double[] expected(QuantizedMatrix w, int m, float[] x) {
    float[] dense = w.dequantize().data();
    double[] y = new double[m * w.out()];
    for (int r = 0; r < m; r++) {
      float largest = 0;
      for (int k = 0; k < w.in(); k++) {
        largest = Math.max(largest, Math.abs(x[r * w.in() + k]));
      }
      float step = largest / 127;
      for (int o = 0; o < w.out(); o++) {
        for (int k = 0; k < w.in(); k++) {
          double code = Math.rint(x[r * w.in() + k] * (1 / step));
          y[r * w.out() + o] += step * code * dense[o * w.in() + k];
        }
      }
    }
    return y;
  }

  private static float[] product(Backend b, QuantizedMatrix w, int m, float[] x) {
    float[] y = new float[m * w.out()];
    PackedKernel kernel = b.packed();
    kernel.multiply(m, x, 0, kernel.pack(w), ActivationPrecision.INT8_TOKEN, y, 0);
    return y;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void productsAreTheDefinition(Backend b) {
    Random random = new Random(31);
    for (int bits = 2; bits <= 8; bits++) {
      for (int group : new int[] {32, 48, -1}) {
        for (boolean symmetric : new boolean[] {true, false}) {
          IntegerGrid grid = new IntegerGrid(bits, group, symmetric);
          QuantizedMatrix w = matrix(random, 40, 200, grid);
          for (int m : new int[] {1, 3, 5, 20}) {
            float[] x = rows(random, m, 200);
            float[] untouched = x.clone();
            double[] expected = expected(w, m, x);
            float[] found = product(b, w, m, x);
            assertArrayEquals(untouched, x);
            double size = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < found.length; i++) {
              assertEquals(expected[i], found[i], 2e-5 * size, grid + ", " + m + " rows, " + i);
            }
          }
        }
      }
    }
  }

  /** The largest codes of both sides in long rows, where sums are largest. */
  @ParameterizedTest
  @MethodSource("backends")
  void sumsOfLongRowsDoNotOverflow(Backend b) {
    int in = 16_384;
    for (int bits : new int[] {2, 4, 8}) {
      IntegerGrid grid = new IntegerGrid(bits, -1, true);
      byte[] codes = new byte[in];
      Arrays.fill(codes, (byte) grid.maxCode());
      QuantizedMatrix w =
          new QuantizedMatrix(
              1, in, grid, codes, new float[] {1}, new byte[] {(byte) grid.middle()});
      float[] x = new float[in];
      Arrays.fill(x, 127);
      double expected = 127.0 * in * (grid.maxCode() - grid.middle());
      assertEquals(expected, product(b, w, 1, x)[0], 1e-5 * expected);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void threadsAndRowsBesideChangeNothing(Backend b) {
    Random random = new Random(5);
    QuantizedMatrix w = matrix(random, 96, 256, new IntegerGrid(8, -1, true));
    float[] x = rows(random, 4, 256);
    float[] one = Parallel.limited(1, () -> product(b, w, 4, x));
    assertArrayEquals(one, Parallel.limited(2, () -> product(b, w, 4, x)));
    float[] alone = product(b, w, 1, Arrays.copyOfRange(x, 256, 512));
    assertArrayEquals(Arrays.copyOfRange(one, 96, 192), alone);
    assertTrue(ActivationPrecision.multipliesIntegers(8, 256));
  }
}
