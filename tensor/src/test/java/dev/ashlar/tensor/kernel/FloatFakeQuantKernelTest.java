package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.FloatFakeQuantKernel.Parameters;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.FloatGrid;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Small floats under tuning: scales by their definitions, gradients by finite differences. */
class FloatFakeQuantKernelTest {
  static final List<FloatGrid> GRIDS =
      List.of(
          FloatGrid.mxfp4(),
          FloatGrid.mxfp8(),
          FloatGrid.nvfp4(),
          FloatGrid.fp8(FloatFormat.E4M3),
          FloatGrid.fp8(FloatFormat.E5M2),
          FloatGrid.tiles(FloatFormat.E4M3, 16),
          new FloatGrid(FloatFormat.E4M3, 0, FloatGrid.Scale.F32));

  private static final int OUT = 40;
  private static final int IN = 72;

  private static float[] random(int seed, int n) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (0.1 * random.nextGaussian());
    }
    return x;
  }

  @ParameterizedTest
  @FieldSource("GRIDS")
  void codesMeanTheWeightsAndAreTheNearest(FloatGrid grid) {
    float[] w = random(1, OUT * IN);
    BlockScales blocks = new BlockScales(grid, OUT, IN, w, 0);
    float[] scales = blocks.plain();
    float[] table = grid.element().table();
    for (Backend backend : Backends.all()) {
      Parameters p = new Parameters(grid, OUT, IN, w, null, true);
      float[] found = new float[w.length];
      byte[] codes = new byte[w.length];
      FloatFakeQuantKernel kernel = backend.floatFakeQuant();
      kernel.forward(p, 0, 17, scales, found, codes);
      kernel.forward(p, 17, OUT, scales, found, codes);
      for (int i = 0; i < w.length; i++) {
        float s = scales[i / IN * grid.groups(IN) + i % IN / grid.effectiveBlock(IN)];
        assertEquals(s * table[codes[i] & 0xFF], found[i]);
        float best = Float.POSITIVE_INFINITY;
        for (float value : table) {
          best = Math.min(best, Math.abs(s * value - w[i]));
        }
        assertEquals(best, Math.abs(found[i] - w[i]), 1e-7f + 1e-6f * best, grid + " at " + i);
      }
    }
  }

  /** ŵ as a function that roundings are constants of: what straight-through gradients are of. */
  private static double surrogate(
      double s, float w, double v, double offset, boolean inside, float q) {
    return inside ? s * (w / s + v + offset) : s * q;
  }

  @ParameterizedTest
  @FieldSource("GRIDS")
  void exactGradientsAreThoseOfFixedRoundings(FloatGrid grid) {
    float[] w = random(2, OUT * IN);
    float[] v = random(3, OUT * IN);
    float[] g = random(4, OUT * IN);
    BlockScales blocks = new BlockScales(grid, OUT, IN, w, 0);
    float[] multipliers = new float[blocks.count()];
    Arrays.fill(multipliers, 0.8f);
    float[] scales = new float[OUT * grid.groups(IN)];
    blocks.fill(multipliers, 1, scales);
    Parameters p = new Parameters(grid, OUT, IN, w, v, true);
    float[] dValue = new float[w.length];
    float[] dScales = new float[scales.length];
    Backends.reference().floatFakeQuant().backward(p, 0, OUT, g, scales, dValue, dScales);
    int saturated = 0;
    for (int at = 0; at < scales.length; at++) {
      int groups = grid.groups(IN);
      int first = at / groups * IN + at % groups * grid.effectiveBlock(IN);
      int n = Math.min(grid.effectiveBlock(IN), IN - at % groups * grid.effectiveBlock(IN));
      double s = scales[at];
      double h = 1e-4 * s;
      double slope = 0;
      for (int i = first; i < first + n; i++) {
        float x = w[i] / scales[at] + v[i];
        float q = grid.element().round(x);
        boolean inside = Math.abs(x) <= grid.element().largest();
        saturated += inside ? 0 : 1;
        double offset = (double) q - x;
        slope +=
            g[i]
                * (surrogate(s + h, w[i], v[i], offset, inside, q)
                    - surrogate(s - h, w[i], v[i], offset, inside, q))
                / (2 * h);
        double dv =
            g[i]
                * (surrogate(s, w[i], v[i] + 1e-4, offset, inside, q)
                    - surrogate(s, w[i], v[i] - 1e-4, offset, inside, q))
                / 2e-4;
        assertEquals(dv, dValue[i], 1e-6 * Math.abs(s * g[i]) + 1e-12);
      }
      assertEquals(slope, dScales[at], 1e-4 * Math.abs(slope) + 1e-4, grid + ", group " + at);
    }
    assertTrue(saturated > 0, "multipliers below 1 saturate something");
  }

  @Test
  void multipliersOfTilesSumTheirRows() {
    FloatGrid grid = FloatGrid.tiles(FloatFormat.E4M3, 16);
    float[] w = random(5, OUT * IN);
    BlockScales blocks = new BlockScales(grid, OUT, IN, w, 0);
    assertEquals(3 * 5, blocks.count());
    float[] dScales = random(6, OUT * 5);
    float[] ones = new float[blocks.count()];
    Arrays.fill(ones, 1f);
    float[] found = new float[blocks.count()];
    blocks.gradient(ones, dScales, found);
    for (int block = 0; block < found.length; block++) {
      double sum = 0;
      for (int r = block / 5 * 16; r < Math.min(OUT, block / 5 * 16 + 16); r++) {
        sum += dScales[r * 5 + block % 5];
      }
      assertEquals(sum * blocks.largest(block) / 448, found[block], 1e-7);
    }
  }

  @Test
  void scalesAreThoseOfTheirDefinitions() {
    assertEquals(0.25f, BlockScales.scale(FloatGrid.mxfp4(), 1.5f, 1));
    assertEquals(0.25f, BlockScales.scale(FloatGrid.mxfp4(), 1f, 1));
    assertEquals(0.125f, BlockScales.scale(FloatGrid.mxfp4(), 0.99f, 1));
    assertEquals(0x1p-8f, BlockScales.scale(FloatGrid.mxfp8(), 1f, 1));
    assertEquals(1f, BlockScales.scale(FloatGrid.fp8(FloatFormat.E4M3), 448f, 1));
    assertEquals(1f / 448 / 512, BlockScales.scale(FloatGrid.fp8(FloatFormat.E4M3), 0f, 1));
    float global = BlockScales.global(FloatFormat.E2M1, 0.5f);
    assertEquals(448f * 6 / 0.5f, global);
    assertEquals(448f / global, BlockScales.scale(FloatGrid.nvfp4(), 0.5f, global));
    assertEquals(0f, BlockScales.scale(FloatGrid.nvfp4(), 0f, global));
    assertEquals(1f, BlockScales.global(FloatFormat.E2M1, 0f));
  }

  @Test
  void aSignStepMovesAsTheGradientSays() {
    FloatGrid grid = FloatGrid.nvfp4().withActivations(Optional.empty());
    float[] w = random(7, OUT * IN);
    float[] g = random(8, OUT * IN);
    float[] v = random(9, OUT * IN);
    float[] scales = new BlockScales(grid, OUT, IN, w, 1f).plain();
    FloatFakeQuantKernel kernel = Backends.reference().floatFakeQuant();
    float[] dValue = new float[w.length];
    float[] dScales = new float[scales.length];
    float[] fused = new float[scales.length];
    kernel.backward(
        new Parameters(grid, OUT, IN, w, v.clone(), false), 0, OUT, g, scales, dValue, dScales);
    float[] stepped = v.clone();
    kernel.signStep(
        new Parameters(grid, OUT, IN, w, stepped, false), 0, OUT, g, scales, 0.01f, fused);
    assertArrayEquals(dScales, fused);
    for (int i = 0; i < w.length; i++) {
      assertEquals(v[i] - 0.01f * Math.signum(dValue[i]), stepped[i]);
    }
  }
}
