package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.kernel.GridErrorKernel.Grids;
import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Errors of grids: by hand, and the same bits on every backend. */
class GridErrorKernelTest {
  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anExampleByHand(Backend backend) {
    Grids grids = Grids.room(2);
    grids.set(0, 2, 0.5f, -2, 1);
    grids.set(1, 0, 0, -2, 1);
    float[] errors = new float[2];
    float[] w = {9, 0.25f, -0.75f, 2, 0.5f, 9};
    float[] importance = {9, 9, 1, 2, 4, 8};
    backend.gridError().errors(new Group(4, w, 1, importance, 2), grids, errors);
    // 0.25 lies between 0 and 0.5 and goes to the even 0; −0.75 goes to −1; 2 is clamped to 0.5.
    assertEquals(1 * 0.0625f + 2 * 0.0625f + 4 * 2.25f + 8 * 0f, errors[0]);
    assertEquals(1 * 0.0625f + 2 * 0.5625f + 4 * 4f + 8 * 0.25f, errors[1]);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void allBackendsHaveTheSameBits(Backend backend) {
    Random random = new Random(17);
    GridErrorKernel reference = Backends.reference().gridError();
    for (int n : new int[] {1, 7, 16, 17, 32, 64, 100, 129, 576}) {
      float[] w = floats(random, n + 3, 0.3f);
      w[n / 2] = 1e30f;
      float[] importance = floats(random, n + 5, 2f);
      Grids grids = Grids.room(60);
      for (int c = 0; c < 60; c++) {
        float scale = (random.nextFloat() - 0.5f) * 0.2f;
        grids.set(c, 1 / scale, scale, -random.nextInt(9), random.nextInt(9));
      }
      Group group = new Group(n, w, 3, importance, 5);
      float[] expected = new float[60];
      float[] found = new float[60];
      reference.errors(group, grids, expected);
      backend.gridError().errors(group, grids, found);
      assertArrayEquals(expected, found, "n = " + n);
    }
  }
}
