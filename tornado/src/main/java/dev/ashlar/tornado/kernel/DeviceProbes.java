package dev.ashlar.tornado.kernel;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What a device can do at best: arithmetic without memory, and memory without arithmetic. */
public final class DeviceProbes {
  private DeviceProbes() {}

  /**
   * {@code x ← x · a + b} on registers, {@code steps} times for each of eight values of a work item
   * that do not wait for each other; their sum is written.
   *
   * @param sums {@code [items]}
   * @param factors {@code a} and {@code b}, in memory so that nobody knows them beforehand
   */
  public static void multiplyAdds(FloatArray sums, FloatArray factors, int items, int steps) {
    for (@Parallel int i = 0; i < items; i++) {
      float a = factors.get(0);
      float b = factors.get(1);
      float x0 = i;
      float x1 = x0 + 1f;
      float x2 = x0 + 2f;
      float x3 = x0 + 3f;
      float x4 = x0 + 4f;
      float x5 = x0 + 5f;
      float x6 = x0 + 6f;
      float x7 = x0 + 7f;
      for (int t = 0; t < steps; t++) {
        x0 = x0 * a + b;
        x1 = x1 * a + b;
        x2 = x2 * a + b;
        x3 = x3 * a + b;
        x4 = x4 * a + b;
        x5 = x5 * a + b;
        x6 = x6 * a + b;
        x7 = x7 * a + b;
      }
      sums.set(i, ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)));
    }
  }

  /** {@code y ← x}, both {@code [n]}. */
  public static void copy(FloatArray x, FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, x.get(i));
    }
  }
}
