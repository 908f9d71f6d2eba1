package dev.ashlar.tensor.blocks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.blocks.TwoLevelRounding.Levels;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Grids of two levels: ranges, rounding with its gradients, and what the search finds. */
class TwoLevelRoundingTest {
  private static final int OUT = 3;

  /** GGUF's, and small ones that nothing else has. */
  static Stream<SuperGrid> grids() {
    List<SuperGrid> all = new ArrayList<>(SuperGrid.KNOWN);
    all.add(new SuperGrid(2, 8, 4, 4, 4));
    all.add(new SuperGrid(3, 8, 2, 5, 0));
    return all.stream();
  }

  private static float[] random(Random random, int n, double scale) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (random.nextGaussian() * scale * (1 + i / 40 % 3));
    }
    return x;
  }

  private static float half(double x) {
    return Float.float16ToFloat(Float.floatToFloat16((float) x));
  }

  private static Levels levels(SuperGrid grid, float[] w, int in) {
    Levels levels = Levels.of(grid, OUT, in);
    int groups = levels.scales().length;
    float[] low = new float[groups];
    float[] high = new float[groups];
    for (int g = 0; g < groups; g++) {
      for (int i = g * grid.groupSize(); i < (g + 1) * grid.groupSize(); i++) {
        low[g] = Math.min(low[g], w[i]);
        high[g] = Math.max(high[g], w[i]);
      }
    }
    SuperRange range = new SuperRange(grid);
    for (int g = 0; g < groups; g += grid.perBlock()) {
      range.round(low, high, g, levels.scales(), levels.minimums());
      int block = g / grid.perBlock();
      levels.steps()[block] = range.step();
      levels.belows()[block] = range.below();
      check(grid, low, high, g, levels, block);
    }
    return levels;
  }

  /** The ranges' definition, in double. */
  private static void check(
      SuperGrid grid, float[] low, float[] high, int at, Levels levels, int block) {
    double[] steps = new double[grid.perBlock()];
    double most = 0;
    double lowest = 0;
    for (int j = 0; j < steps.length; j++) {
      double a = -low[at + j];
      double c = high[at + j];
      steps[j] =
          grid.symmetric()
              ? (c < a ? a : -c) / (1 << grid.bits() - 1)
              : (a + c) / ((1 << grid.bits()) - 1);
      most = Math.abs(steps[j]) > Math.abs(most) ? steps[j] : most;
      lowest = Math.max(lowest, a);
    }
    int largest = grid.symmetric() ? -(1 << grid.scaleBits() - 1) : (1 << grid.scaleBits()) - 1;
    assertEquals(half(most / largest), levels.steps()[block]);
    for (int j = 0; j < steps.length; j++) {
      double wished = steps[j] / levels.steps()[block];
      assertTrue(Math.abs(wished - levels.scales()[at + j]) <= 1.001, wished + " in " + grid);
    }
    if (!grid.symmetric()) {
      assertEquals(half(lowest / ((1 << grid.minimumBits()) - 1)), levels.belows()[block]);
    }
  }

  /** The rounding's definition, weight by weight, in double, and its matrix. */
  @ParameterizedTest
  @MethodSource("grids")
  void weightsAreRoundedAsDefined(SuperGrid grid) {
    Random random = new Random(5);
    int in = 2 * grid.blockSize();
    float[] w = random(random, OUT * in, 0.1);
    float[] v = random(random, OUT * in, 0.2);
    Levels levels = levels(grid, w, in);
    float[] rounded = new float[w.length];
    byte[] codes = new byte[w.length];
    new TwoLevelRounding(grid, in, w, v, true).forward(levels, 0, OUT, rounded, codes);
    for (int i = 0; i < w.length; i++) {
      int g = i / grid.groupSize();
      float step = levels.steps()[g / grid.perBlock()] * levels.scales()[g];
      float below = levels.belows()[g / grid.perBlock()] * levels.minimums()[g];
      double low = grid.symmetric() ? (double) -step * grid.middle() : -below;
      double wished = (w[i] - low) / step + v[i];
      double off = Math.abs(Math.clamp(wished, 0, grid.maxCode()) - codes[i]);
      assertTrue(off <= 0.5001, grid + " at " + i + ": " + wished + " became " + codes[i]);
      assertEquals(step * codes[i] + low, rounded[i], 1e-6);
    }
    QuantizedMatrix matrix =
        SuperFit.matrix(
            OUT,
            in,
            grid,
            codes,
            levels.steps(),
            levels.scales(),
            levels.belows(),
            levels.minimums());
    assertArrayEquals(rounded, matrix.dequantize().data());
  }

  /** Finite differences of the same with all roundings held. */
  @ParameterizedTest
  @MethodSource("grids")
  void gradientsAreDifferences(SuperGrid grid) {
    Random random = new Random(7);
    int in = grid.blockSize();
    float[] w = random(random, OUT * in, 0.1);
    float[] v = random(random, OUT * in, 0.4);
    float[] d = random(random, OUT * in, 1);
    Levels levels = levels(grid, w, in);
    TwoLevelRounding rounding = new TwoLevelRounding(grid, in, w, v, true);
    byte[] codes = new byte[w.length];
    rounding.forward(levels, 0, OUT, null, codes);
    float[] dValue = new float[w.length];
    float[] dStep = new float[levels.scales().length];
    float[] dLow = new float[dStep.length];
    rounding.backward(levels, 0, OUT, d, dValue, dStep, dLow);
    for (int g = 0; g < dStep.length; g++) {
      double step = (double) levels.steps()[g / grid.perBlock()] * levels.scales()[g];
      double low =
          grid.symmetric()
              ? 0
              : -(double) levels.belows()[g / grid.perBlock()] * levels.minimums()[g];
      double e = 1e-6 * Math.abs(step);
      double up = held(grid, w, v, d, codes, g, step + e, low, step, low);
      double down = held(grid, w, v, d, codes, g, step - e, low, step, low);
      assertEquals((up - down) / (2 * e), dStep[g], 1e-3 * (1 + Math.abs(dStep[g])));
      if (!grid.symmetric()) {
        up = held(grid, w, v, d, codes, g, step, low + e, step, low);
        down = held(grid, w, v, d, codes, g, step, low - e, step, low);
        assertEquals((up - down) / (2 * e), dLow[g], 1e-3 * (1 + Math.abs(dLow[g])));
      }
      for (int i = g * grid.groupSize(); i < (g + 1) * grid.groupSize(); i++) {
        boolean inside = inside(grid, w[i], v[i], step, low);
        assertEquals(inside ? step * d[i] : 0, dValue[i], 1e-6);
      }
    }
  }

  private static double scaled(SuperGrid grid, float w, float v, double step, double low) {
    return (w - low) / step + v + (grid.symmetric() ? grid.middle() : 0);
  }

  private static boolean inside(SuperGrid grid, float w, float v, double step, double low) {
    double r = Math.rint(scaled(grid, w, v, step, low));
    return r >= 0 && r <= grid.maxCode();
  }

  /** A group's part of the loss, codes moving with what is rounded where nothing is clamped. */
  private static double held(
      SuperGrid grid,
      float[] w,
      float[] v,
      float[] d,
      byte[] codes,
      int g,
      double step,
      double low,
      double step0,
      double low0) {
    double sum = 0;
    for (int i = g * grid.groupSize(); i < (g + 1) * grid.groupSize(); i++) {
      double rounding = codes[i] - scaled(grid, w[i], v[i], step0, low0);
      double code =
          inside(grid, w[i], v[i], step0, low0)
              ? scaled(grid, w[i], v[i], step, low) + rounding
              : codes[i];
      double zero = grid.symmetric() ? grid.middle() : 0;
      sum += d[i] * (step * (code - zero) + low);
    }
    return sum;
  }

  private static double error(float[] w, float[] found, float[] counts) {
    double sum = 0;
    for (int i = 0; i < w.length; i++) {
      sum += counts[i % counts.length] * Math.pow(w[i] - found[i], 2);
    }
    return sum;
  }

  /** The search beats ranges, and with importance beats itself where it counts. */
  @ParameterizedTest
  @MethodSource("grids")
  void searchingIsBetterThanRanges(SuperGrid grid) {
    Random random = new Random(11);
    int in = 4 * grid.blockSize();
    float[] w = random(random, OUT * in, 0.1);
    float[] counts = new float[in];
    for (int k = 0; k < in; k++) {
      counts[k] = k % 5 == 0 ? 4 : 0.25f;
    }
    float[] ranges = new float[w.length];
    Levels levels = levels(grid, w, in);
    new TwoLevelRounding(grid, in, w, new float[w.length], true)
        .forward(levels, 0, OUT, ranges, null);
    Tensor matrix = Tensor.of(w, OUT, in);
    float[] plain = SuperFit.of(matrix, grid, null, Backends.chosen()).dequantize().data();
    float[] weighed = SuperFit.of(matrix, grid, counts, Backends.chosen()).dequantize().data();
    float[] ones = {1};
    assertTrue(error(w, plain, ones) < error(w, ranges, ones), grid.toString());
    assertTrue(error(w, weighed, counts) < error(w, plain, counts), grid.toString());
    assertEquals(
        SuperGrid.KNOWN.contains(grid),
        SuperFit.of(matrix, grid, null, Backends.chosen()).described().isPresent());
    Tensor odd = Tensor.zeros(1, grid.blockSize() / 2);
    assertThrows(
        IllegalArgumentException.class, () -> SuperFit.of(odd, grid, null, Backends.chosen()));
  }
}
