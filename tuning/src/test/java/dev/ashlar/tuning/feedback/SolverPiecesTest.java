package dev.ashlar.tuning.feedback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each piece of the solver against what it means, written down naively in double. */
class SolverPiecesTest {
  private static final Backend BACKEND = Backends.chosen();
  private static final SolverOptions OPTIONS = new SolverOptions(Damping.of(0.1), 1, 4, 2);

  static float[] random(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** Inputs whose channels are correlated and of different sizes, {@code [rows, in]}. */
  static Tensor inputs(Random random, int rows, int in) {
    float[] x = random(random, rows * in);
    for (int r = 0; r < rows; r++) {
      for (int i = 1; i < in; i++) {
        x[r * in + i] = 0.6f * x[r * in + i - 1] + x[r * in + i] * (i % 7 == 0 ? 3 : 0.5f);
      }
    }
    return Tensor.of(x, rows, in);
  }

  static Symmetric moments(Tensor x) {
    StreamMoments m = new StreamMoments(x.dim(1), 0, BACKEND);
    m.add(x, null);
    return m.second();
  }

  private static float[] damped(Symmetric h, double share) {
    Symmetric d = h.scaled(1);
    for (int i = 0; i < h.dim(); i++) {
      d.rows()[i][i] += share * h.meanDiagonal();
    }
    return d.floats();
  }

  /** {@code tr((W − Ŵ) H (W − Ŵ)ᵀ)}. */
  static double error(Tensor w, Tensor quantized, float[] h) {
    int in = w.dim(1);
    double sum = 0;
    for (int o = 0; o < w.dim(0); o++) {
      for (int i = 0; i < in; i++) {
        for (int j = 0; j < in; j++) {
          double a = w.data()[o * in + i] - quantized.data()[o * in + i];
          double b = w.data()[o * in + j] - quantized.data()[o * in + j];
          sum += a * h[i * in + j] * b;
        }
      }
    }
    return sum;
  }

  private static float[] residual(Tensor w, QuantizedMatrix q, float[] h) {
    int in = w.dim(1);
    float[] r = new float[w.size()];
    Tensor now = q.dequantize();
    for (int o = 0; o < w.dim(0); o++) {
      for (int j = 0; j < in; j++) {
        double sum = 0;
        for (int i = 0; i < in; i++) {
          sum += ((double) w.data()[o * in + i] - now.data()[o * in + i]) * h[i * in + j];
        }
        r[o * in + j] = (float) sum;
      }
    }
    return r;
  }

  private static Grids minMax(Tensor w, IntegerGrid grid) {
    QuantizedMatrix q = RoundToNearest.quantize(new LinearLayer("w", w, grid));
    int[] group = new int[w.dim(1)];
    for (int k = 0; k < group.length; k++) {
      group[k] = k / grid.effectiveGroup(w.dim(1));
    }
    return new Grids(grid, q.zeroPoints().scales(), q.zeroPoints().zeros(), group);
  }

  @Test
  void momentsAreMeansOfProducts() {
    Random random = new Random(1);
    Tensor x = inputs(random, 37, 21);
    Tensor d = Tensor.of(random(random, 37 * 5), 37, 5);
    StreamMoments m = new StreamMoments(21, 5, BACKEND);
    m.add(x, d);
    assertEquals(37, m.tokens());
    for (int i = 0; i < 21; i++) {
      for (int j = 0; j < 21; j++) {
        double h = 0;
        double c = 0;
        for (int r = 0; r < 37; r++) {
          h += (double) x.data()[r * 21 + i] * x.data()[r * 21 + j] / 37;
          c += (double) d.data()[r * 5 + i % 5] * x.data()[r * 21 + j] / 37;
        }
        assertEquals(h, m.second().at(i, j), 1e-4);
        assertEquals(c, m.cross().data()[i % 5 * 21 + j], 1e-4);
      }
    }
  }

  @Test
  void searchedGridsAreNoWorseThanAnyThatTheyStartFrom() {
    Random random = new Random(2);
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        for (DType type : new DType[] {DType.F16, DType.F32}) {
          IntegerGrid grid = new IntegerGrid(bits, 24, symmetric, type);
          float[] w = random(random, 24);
          float[] h = new float[24];
          for (int j = 0; j < 24; j++) {
            h[j] = random.nextFloat();
          }
          GridSearch search = new GridSearch(grid, 24, BACKEND.gridSums());
          search.run(w, 0, h, 0, 24);
          double found = weightedError(w, h, search.scale(), search.zero(), grid.maxCode());
          assertEquals(grid.roundScale(search.scale()), search.scale());
          float low = 0;
          float high = 0;
          for (float x : w) {
            low = Math.min(low, x);
            high = Math.max(high, x);
          }
          for (int t = 0; t < 12; t++) {
            float f = 1 - 0.65f * t / 11;
            for (int near = -1; near <= 1; near++) {
              float s =
                  symmetric
                      ? Math.max(-low, high) * f / grid.middle() * (near < 0 ? -1 : 1)
                      : (high - low) * f / grid.maxCode();
              int z =
                  symmetric
                      ? grid.middle()
                      : Math.round(-low * grid.maxCode() / (high - low)) + near;
              if (z >= 0 && z <= grid.maxCode()) {
                double start = weightedError(w, h, grid.roundScale(s), z, grid.maxCode());
                assertTrue(found <= start * (1 + 1e-4) + 1e-9, grid + ": " + found + ", " + start);
              }
            }
          }
        }
      }
    }
  }

  private static double weightedError(float[] w, float[] h, float s, int z, int most) {
    double sum = 0;
    for (int j = 0; j < w.length; j++) {
      double code = Math.clamp(Math.rint(w[j] / s) + z, 0, most);
      sum += h[j] * Math.pow(w[j] - s * (code - z), 2);
    }
    return sum;
  }

  @Test
  void aGroupOfZerosHasTheSmallestScale() {
    IntegerGrid grid = new IntegerGrid(3, 8, false);
    GridSearch search = new GridSearch(grid, 8, BACKEND.gridSums());
    search.run(new float[8], 0, new float[8], 0, 8);
    assertEquals(grid.scaleFloor(), search.scale());
    assertEquals(0, search.zero());
  }

  @Test
  void descentNeverRaisesTheErrorAndEndsWhereNoSingleCodeHelps() {
    Random random = new Random(3);
    for (IntegerGrid grid :
        new IntegerGrid[] {new IntegerGrid(2, 16, false), new IntegerGrid(3, -1, true)}) {
      Tensor w = Tensor.of(random(random, 6 * 40), 6, 40);
      float[] h = damped(moments(inputs(random, 90, 40)), 0.05);
      Grids grids = minMax(w, grid);
      QuantizedMatrix q = grids.nearest(w);
      byte[] codes = q.codes().values();
      double before = error(w, q.dequantize(), h);
      float[] r = residual(w, q, h);
      for (int sweep = 0; sweep < 60; sweep++) {
        CoordinateDescent.run(r, h, grids, codes, 1);
        double after = error(w, grids.matrix(codes).dequantize(), h);
        assertTrue(after <= before * (1 + 1e-6), after + " after " + before);
        before = after;
      }
      assertArrayEquals(residual(w, grids.matrix(codes), h), r, 2e-3f);
      for (int i = 0; i < codes.length; i++) {
        for (int step = -1; step <= 1; step += 2) {
          int code = (codes[i] & 0xFF) + step;
          if (code >= 0 && code <= grid.maxCode()) {
            byte[] other = codes.clone();
            other[i] = (byte) code;
            double changed = error(w, grids.matrix(other).dequantize(), h);
            assertTrue(changed >= before * (1 - 1e-4), "code " + i);
          }
        }
      }
    }
  }

  @Test
  void refittedScalesAreTheBestForTheirCodesAndNeverRaiseTheError() {
    Random random = new Random(4);
    for (DType type : new DType[] {DType.F32, DType.F16}) {
      IntegerGrid grid = new IntegerGrid(2, 16, false, type);
      Tensor w = Tensor.of(random(random, 5 * 40), 5, 40);
      float[] h = damped(moments(inputs(random, 90, 40)), 0.05);
      Grids grids = minMax(w, grid);
      QuantizedMatrix q = grids.nearest(w);
      byte[] codes = q.codes().values();
      double before = error(w, q.dequantize(), h);
      float[] r = residual(w, q, h);
      for (int i = 0; i < 200; i++) {
        ScaleRefit.run(r, h, grids, codes, BACKEND);
        double after = error(w, grids.matrix(codes).dequantize(), h);
        assertTrue(after <= before * (1 + 1e-6), after + " after " + before);
        before = after;
      }
      assertArrayEquals(residual(w, grids.matrix(codes), h), r, 2e-3f);
      for (int at = 0; at < grids.scales().length; at++) {
        float kept = grids.scales()[at];
        for (float factor : new float[] {0.98f, 1.02f}) {
          grids.scales()[at] = kept * factor;
          assertTrue(error(w, grids.matrix(codes).dequantize(), h) >= before * (1 - 1e-5));
        }
        grids.scales()[at] = kept;
      }
    }
  }

  @Test
  void theWholeSolutionIsBetterThanGptqByItsOwnMeasure() {
    Random random = new Random(5);
    for (int bits = 2; bits <= 8; bits++) {
      for (int group : new int[] {32, 48, -1}) {
        IntegerGrid grid = new IntegerGrid(bits, group, bits % 2 == 0);
        LinearLayer layer = new LinearLayer("w", Tensor.of(random(random, 24 * 96), 24, 96), grid);
        Symmetric h = moments(inputs(random, 300, 96));
        float[] d = damped(h, 0.1);
        LayerSolver.Solution solved = solve(layer, h, OPTIONS);
        double own = error(layer.weight(), solved.matrix().dequantize(), d);
        assertEquals(own, solved.error(), 1e-3 * own);
        // Codes by GPTQ on the same grids are where it starts.
        double start = solve(layer, h, new SolverOptions(Damping.of(0.1), 1, 0, 0)).error();
        assertTrue(own <= start, grid + ": " + own + " against " + start);
        if (bits <= 4) {
          double gptq = gptq(layer, h, d);
          assertTrue(own < gptq, grid + ": " + own + " against " + gptq);
        }
      }
    }
  }

  private static LayerSolver.Solution solve(
      LinearLayer layer, Symmetric moments, SolverOptions options) {
    return new LayerSolver("w", moments, 1, options, BACKEND).solve(layer, null);
  }

  private static double gptq(LinearLayer layer, Symmetric h, float[] damped) {
    GptqOptions plain = new GptqOptions(0.1, 0.01, GptqOptions.Order.ACTIVATION, true, false);
    Gptq.Factor factor = Gptq.factor(h, layer.grid(), plain).orElseThrow();
    QuantizedMatrix found =
        Gptq.solve(layer.weight(), factor, new GridFit(layer.grid()), plain, BACKEND).matrix();
    return error(layer.weight(), found.dequantize(), damped);
  }

  /** With fine codes Ŵ is the target, which has to be W + T(H + λI)⁻¹. */
  @Test
  void theTargetPaysBackWhatIsOwed() {
    Random random = new Random(6);
    Tensor w = Tensor.of(random(random, 4 * 24), 4, 24);
    Tensor owed = Tensor.of(random(random, 4 * 24), 4, 24);
    Symmetric h = moments(inputs(random, 100, 24));
    IntegerGrid grid = new IntegerGrid(8, 8, false, DType.F32);
    LayerSolver solver = new LayerSolver("w", h, 1, OPTIONS, BACKEND);
    LinearLayer layer = new LinearLayer("w", w, grid);
    Tensor found = solver.solve(layer, solver.overMoments(owed)).matrix().dequantize();
    float[] d = damped(h, 0.1);
    for (int o = 0; o < 4; o++) {
      for (int j = 0; j < 24; j++) {
        double product = 0;
        for (int i = 0; i < 24; i++) {
          product += ((double) found.data()[o * 24 + i] - w.data()[o * 24 + i]) * d[i * 24 + j];
        }
        assertEquals(owed.data()[o * 24 + j], product, 0.15, "element " + o + ", " + j);
      }
    }
  }

  /** Wider than the strips in which the triangular factor is multiplied. */
  @Test
  void whatIsOwedIsDividedByTheMoments() {
    Random random = new Random(8);
    int in = 430;
    Symmetric h = moments(inputs(random, 900, in));
    Tensor owed = Tensor.of(random(random, 3 * in), 3, in);
    Tensor found = new LayerSolver("w", h, 1, OPTIONS, BACKEND).overMoments(owed);
    float[] d = damped(h, 0.1);
    for (int o = 0; o < 3; o++) {
      for (int j = 0; j < in; j++) {
        double product = 0;
        for (int i = 0; i < in; i++) {
          product += (double) found.data()[o * in + i] * d[i * in + j];
        }
        assertEquals(owed.data()[o * in + j], product, 1e-3, "element " + o + ", " + j);
      }
    }
  }

  @Test
  void threadsChangeNothing() {
    Random random = new Random(7);
    Tensor w = Tensor.of(random(random, 70 * 96), 70, 96);
    Tensor owed = Tensor.of(random(random, 70 * 96), 70, 96);
    Tensor x = inputs(random, 300, 96);
    IntegerGrid grid = new IntegerGrid(3, 32, false);
    QuantizedMatrix[] found = new QuantizedMatrix[2];
    for (int t = 0; t < 2; t++) {
      found[t] =
          Parallel.limited(
              1 + 3 * t,
              () -> {
                LayerSolver solver = new LayerSolver("w", moments(x), 1, OPTIONS, BACKEND);
                Tensor paid = solver.overMoments(owed);
                return solver.solve(new LinearLayer("w", w, grid), paid).matrix();
              });
    }
    assertArrayEquals(found[0].codes().values(), found[1].codes().values());
    assertArrayEquals(found[0].zeroPoints().scales(), found[1].zeroPoints().scales());
  }
}
