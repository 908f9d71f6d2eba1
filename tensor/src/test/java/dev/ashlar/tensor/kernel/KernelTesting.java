package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;

/** Random operands and comparisons that the kernel tests share. */
final class KernelTesting {
  /** Lengths around the borders of lanes and groups. */
  static final int[] LENGTHS = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257, 1030};

  private KernelTesting() {}

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  /** Floats in [−scale, scale). */
  static float[] floats(Random random, int n, float scale) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (random.nextFloat() * 2 - 1) * scale;
    }
    return x;
  }

  /** Every element within {@code relative} of its own magnitude plus {@code absolute}. */
  static void assertClose(
      float[] expected, float[] found, double relative, double absolute, String what) {
    assertEquals(expected.length, found.length, what);
    for (int i = 0; i < expected.length; i++) {
      int at = i;
      float e = expected[i];
      float f = found[i];
      boolean close =
          Float.isFinite(e)
              ? Math.abs((double) e - f) <= relative * Math.abs(e) + absolute
              : Float.compare(e, f) == 0;
      assertTrue(close, () -> what + " at " + at + ": expected " + e + ", found " + f);
    }
  }
}
