package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.FakeQuantKernel.Parameters;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The quantizers on one group by hand, and their gradients against finite differences. */
class WorkedExamplesTest {
  private static final float[] ROW = {.10f, -.25f, .40f, -.50f, .80f, .05f, -.02f, .30f};

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  /** One group under tuning, with room for what a forward and a backward give. */
  private record Group(Parameters p, float[] scales, byte[] zeros) {
    static Group of(Backend b, IntegerGrid grid, float[] w, float alpha, float beta, float bound) {
      float[] min = new float[1];
      float[] max = new float[1];
      b.fakeQuant().range(grid, 0, 1, w.length, w, min, max);
      Parameters p =
          new Parameters(
              grid,
              1,
              w.length,
              w,
              min,
              max,
              new float[w.length],
              new float[] {alpha},
              new float[] {beta},
              true,
              bound);
      return new Group(p, new float[1], new byte[1]);
    }

    byte[] codes(Backend b) {
      byte[] codes = new byte[p.in()];
      b.fakeQuant().forward(p, 0, 1, null, codes, scales, zeros);
      return codes;
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aShrunkEndCanTurnTheSignOfTheScale(Backend b) {
    Group g = Group.of(b, new IntegerGrid(4, 8, true), ROW, 1, 0.6f, 1);
    byte[] codes = g.codes(b);
    assertEquals(0.0625f, g.scales[0]);
    assertArrayEquals(new byte[] {10, 4, 14, 0, 15, 9, 8, 13}, codes);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void bothEndsOfAnAsymmetricRangeShrink(Backend b) {
    Group g = Group.of(b, new IntegerGrid(4, 8, false), ROW, 0.9f, 0.8f, 1);
    byte[] codes = g.codes(b);
    assertEquals(0.0726928711f, g.scales[0], 1e-9f);
    assertEquals(6, g.zeros[0]);
    assertArrayEquals(new byte[] {7, 3, 12, 0, 15, 7, 6, 10}, codes);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gradientsByHand(Backend b) {
    Group g = Group.of(b, new IntegerGrid(4, 8, true), ROW, 1, 1, 1);
    g.codes(b);
    float[] gradient = {1, -1, .5f, 2, -.5f, .25f, -2, 1};
    float[] dValue = new float[8];
    float[] dMin = new float[1];
    float[] dMax = new float[1];
    b.fakeQuant().backward(g.p, 0, 1, gradient, g.scales, g.zeros, dValue, dMin, dMax);
    float[] expected = {
      -.0999756f, .0999756f, -.0499878f, -.1999512f, .0499878f, -.0249939f, .1999512f, -.0999756f
    };
    assertArrayEquals(expected, dValue, 5e-8f);
    assertEquals(0f, dMin[0]);
    assertEquals(0.0226215f, dMax[0], 5e-8f);
  }

  /** Multipliers of ranges that are no extremes may exceed one, up to their bound. */
  @ParameterizedTest
  @MethodSource("backends")
  void multipliersStayWithinTheirBound(Backend b) {
    for (float bound : new float[] {1, 2}) {
      Group g = Group.of(b, new IntegerGrid(4, 8, true), ROW, 1, 2.5f, bound);
      g.codes(b);
      assertEquals(bound, g.p.maxScale()[0]);
      assertEquals(-0.1f * bound, g.scales[0], 1e-4f);
    }
  }

  /** Where no rounding changes, the forward is smooth, and its derivative is what is computed. */
  @ParameterizedTest
  @MethodSource("backends")
  void gradientsAreDerivativesOfTheSmoothPart(Backend b) {
    Random random = new Random(8);
    for (boolean symmetric : new boolean[] {true, false}) {
      for (int bits : new int[] {2, 3, 4}) {
        IntegerGrid grid = new IntegerGrid(bits, 32, symmetric, DType.F32);
        float[] w = KernelTesting.floats(random, 32, 1f);
        Group g = Group.of(b, grid, w, 0.93f, 0.81f, 1);
        g.codes(b);
        float[] gradient = KernelTesting.floats(random, 32, 1f);
        float[] dMin = new float[1];
        float[] dMax = new float[1];
        b.fakeQuant().backward(g.p, 0, 1, gradient, g.scales, g.zeros, new float[32], dMin, dMax);
        double h = 1e-5;
        double byMin = (smooth(g, gradient, h, 0) - smooth(g, gradient, -h, 0)) / (2 * h);
        double byMax = (smooth(g, gradient, 0, h) - smooth(g, gradient, 0, -h)) / (2 * h);
        double size = Math.max(Math.abs(byMin), Math.abs(byMax));
        assertEquals(byMin, dMin[0], 1e-5 * size + 1e-6, grid.toString());
        assertEquals(byMax, dMax[0], 1e-5 * size + 1e-6, grid.toString());
      }
    }
  }

  /**
   * {@code Σ G·ŵ} in double at multipliers a little off; roundings pass their argument's changes
   * through and stay at what they were otherwise.
   */
  private static double smooth(Group g, float[] gradient, double moreMin, double moreMax) {
    IntegerGrid grid = g.p.scheme();
    double low = g.p.wMin()[0] * (g.p.minScale()[0] + moreMin);
    double high = g.p.wMax()[0] * (g.p.maxScale()[0] + moreMax);
    double low0 = (double) g.p.wMin()[0] * g.p.minScale()[0];
    double high0 = (double) g.p.wMax()[0] * g.p.maxScale()[0];
    double s = step(grid, low, high);
    double s0 = step(grid, low0, high0);
    double zero = g.zeros[0] & 0xFF;
    if (!grid.symmetric()) {
      zero += -low / s + low0 / s0;
    }
    double sum = 0;
    for (int i = 0; i < g.p.in(); i++) {
      double w = g.p.weight()[i];
      double u = Math.rint(w / g.scales[0]) + w / s - w / s0 + zero;
      double u0 = Math.rint(w / g.scales[0]) + (g.zeros[0] & 0xFF);
      u = u0 < 0 ? 0 : u0 > grid.maxCode() ? grid.maxCode() : u;
      sum += gradient[i] * s * (u - zero);
    }
    return sum;
  }

  private static double step(IntegerGrid grid, double low, double high) {
    return grid.symmetric()
        ? (high < -low ? -low : -high) / grid.middle()
        : (high - low) / grid.maxCode();
  }
}
