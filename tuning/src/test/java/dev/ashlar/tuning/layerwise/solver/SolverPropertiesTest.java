package dev.ashlar.tuning.layerwise.solver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What must hold for any layer, shown on random ones with correlated inputs. */
class SolverPropertiesTest {
  private static final int OUT = 40;
  private static final int IN = 96;
  private static final IntegerGrid GRID = new IntegerGrid(3, 32, false, DType.F32);
  private static final Backend BACKEND = Backends.chosen();

  private record Layer(Tensor w, Tensor x) {
    SecondMoments moments() {
      SecondMoments m = new SecondMoments(IN, BACKEND);
      m.add(x);
      return m;
    }
  }

  private static Layer layer(long seed) {
    Random random = new Random(seed);
    Tensor w = Tensor.zeros(OUT, IN);
    Tensor x = Tensor.zeros(2, 150, IN);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) random.nextGaussian();
    }
    float[] mix = new float[IN * 24];
    for (int i = 0; i < mix.length; i++) {
      mix[i] = (float) random.nextGaussian();
    }
    for (int t = 0; t < 300; t++) {
      float[] hidden = new float[24];
      for (int h = 0; h < 24; h++) {
        hidden[h] = (float) random.nextGaussian();
      }
      for (int i = 0; i < IN; i++) {
        float sum = 0.3f * (float) random.nextGaussian() + (i % 11 == 0 ? 2 : 0);
        for (int h = 0; h < 24; h++) {
          sum += mix[i * 24 + h] * hidden[h];
        }
        x.data()[t * IN + i] = sum;
      }
    }
    return new Layer(w, x);
  }

  private static QuantEase.Solution descend(
      Tensor w, Symmetric sigma, int sweeps, Optional<QuantizedMatrix> start, boolean best) {
    return QuantEase.solve(
        w,
        new NormalMatrix(sigma, ColumnOrder.natural(IN)),
        start.map(Grids::of).orElseGet(() -> Grids.of(w, new GridFit(GRID))),
        new QuantEase.Options(sweeps, best, true),
        start,
        BACKEND);
  }

  private static QuantizedMatrix gptq(Tensor w, Symmetric moments, GptqOptions options) {
    Gptq.Factor factor = Gptq.factor(moments, GRID, options).orElseThrow();
    return Gptq.solve(w, factor, new GridFit(GRID), options, BACKEND).matrix();
  }

  private static double error(Layer layer, QuantizedMatrix q) {
    return ReconstructionError.relative(layer.w, q.dequantize(), layer.moments().sum(), BACKEND);
  }

  @Test
  void roundedSweepsInSuccessionNeverRaiseTheError() {
    for (long seed = 0; seed < 4; seed++) {
      List<Double> errors =
          descend(layer(seed).w, layer(seed).moments().sum(), 30, Optional.empty(), false).errors();
      for (int t = 27; t < 30; t++) {
        assertTrue(errors.get(t) <= errors.get(t - 1) * (1 + 1e-6), t + " " + errors);
      }
      assertTrue(errors.get(29) <= errors.getFirst());
    }
  }

  @Test
  void noSingleChangeOfACodeHelpsInTheEnd() {
    Layer layer = layer(5);
    Symmetric sigma = layer.moments().sum();
    QuantizedMatrix now = descend(layer.w, sigma, 60, Optional.empty(), false).matrix();
    QuantizedMatrix next = descend(layer.w, sigma, 1, Optional.of(now), false).matrix();
    assertArrayEquals(now.codes().values(), next.codes().values());
    Tensor value = now.dequantize();
    for (int o = 0; o < OUT; o++) {
      for (int j = 0; j < IN; j++) {
        double gradient = 0;
        for (int k = 0; k < IN; k++) {
          gradient +=
              ((double) layer.w.data()[o * IN + k] - value.data()[o * IN + k]) * sigma.at(k, j);
        }
        double off = gradient / sigma.at(j, j);
        float scale = now.groups().scale(o * 3 + j / 32);
        int code = now.codes().values()[o * IN + j] & 0xFF;
        boolean clamped = off > 0 ? code == 7 : code == 0;
        assertTrue(clamped || Math.abs(off) <= scale * 0.5001, "row " + o + ", column " + j);
      }
    }
  }

  @Test
  void theSizeOfInputsDoesNotMatter() {
    Layer layer = layer(1);
    Tensor larger = layer.x.copy();
    for (int i = 0; i < larger.size(); i++) {
      larger.data()[i] *= 8;
    }
    Symmetric sigma = layer.moments().sum();
    Symmetric scaled = new Layer(layer.w, larger).moments().sum();
    assertArrayEquals(
        descend(layer.w, sigma, 6, Optional.empty(), false).matrix().codes().values(),
        descend(layer.w, scaled, 6, Optional.empty(), false).matrix().codes().values());
    assertArrayEquals(
        gptq(layer.w, sigma, GptqOptions.plain()).codes().values(),
        gptq(layer.w, scaled, GptqOptions.plain()).codes().values());
  }

  @Test
  void theOrderOfTokensChangesMomentsByRoundingOnly() {
    Layer layer = layer(2);
    Tensor reversed = layer.x.copy();
    for (int t = 0; t < 300; t++) {
      System.arraycopy(layer.x.data(), t * IN, reversed.data(), (299 - t) * IN, IN);
    }
    Symmetric a = layer.moments().sum();
    Symmetric b = new Layer(layer.w, reversed).moments().sum();
    for (int i = 0; i < IN; i++) {
      for (int j = 0; j <= i; j++) {
        assertEquals(a.at(i, j), b.at(i, j), 1e-6 * Math.sqrt(a.at(i, i) * a.at(j, j)));
      }
    }
  }

  @Test
  void momentsAreTheSumOfProducts() {
    Layer layer = layer(3);
    SecondMoments moments = layer.moments();
    assertEquals(300, moments.tokens());
    assertEquals(2, moments.sequences());
    moments.add(Tensor.of(layer.x.data(), 300, IN));
    assertEquals(600, moments.tokens());
    assertEquals(3, moments.sequences());
    for (int i = 0; i < IN; i += 5) {
      for (int j = 0; j < IN; j += 7) {
        double sum = 0;
        for (int t = 0; t < 300; t++) {
          sum += 2.0 * layer.x.data()[t * IN + i] * layer.x.data()[t * IN + j];
        }
        double size = Math.sqrt(moments.sum().at(i, i) * moments.sum().at(j, j));
        assertEquals(sum, moments.sum().at(i, j), 1e-6 * size);
      }
    }
  }

  @Test
  void rowsAreIndependent() {
    Layer layer = layer(4);
    Symmetric sigma = layer.moments().sum();
    int few = 13;
    Tensor part = Tensor.of(Arrays.copyOf(layer.w.data(), few * IN), few, IN);
    assertArrayEquals(
        Arrays.copyOf(gptq(layer.w, sigma, GptqOptions.plain()).codes().values(), few * IN),
        gptq(part, sigma, GptqOptions.plain()).codes().values());
    assertArrayEquals(
        Arrays.copyOf(
            descend(layer.w, sigma, 6, Optional.empty(), false).matrix().codes().values(),
            few * IN),
        descend(part, sigma, 6, Optional.empty(), false).matrix().codes().values());
  }

  @Test
  void onWhiteInputsAllIsRounding() {
    Symmetric unit = new Symmetric(IN);
    IntStream.range(0, IN).forEach(i -> unit.rows()[i][i] = 1);
    Tensor w = layer(6).w;
    QuantizedMatrix nearest = Grids.of(w, new GridFit(GRID)).nearest(w);
    assertArrayEquals(
        nearest.codes().values(),
        descend(w, unit, 5, Optional.empty(), false).matrix().codes().values());
    GptqOptions undamped = new GptqOptions(0, 0, GptqOptions.Order.NATURAL, false, false);
    assertArrayEquals(nearest.codes().values(), gptq(w, unit, undamped).codes().values());
  }

  /**
   * Without outliers the alternating descent is the plain one; with all weights it has no error.
   */
  @Test
  void noOutliersAreThePlainDescentAndAllAreNoError() {
    Layer layer = layer(7);
    Symmetric sigma = layer.moments().sum();
    QuantizedMatrix plain = descend(layer.w, sigma, 8, Optional.empty(), false).matrix();
    for (boolean structured : new boolean[] {false, true}) {
      QuantizedMatrix none = withOutliers(layer, 0, structured);
      assertArrayEquals(plain.codes().values(), none.codes().values());
      assertArrayEquals(plain.zeroPoints().scales(), scales(none));
      assertArrayEquals(plain.dequantize().data(), none.dequantize().data());
      QuantizedMatrix all = withOutliers(layer, 1, structured);
      assertArrayEquals(layer.w.data(), all.dequantize().data());
      assertEquals(0, error(layer, all));
    }
  }

  private static float[] scales(QuantizedMatrix q) {
    return ((Groups.ZeroPoints) q.groups()).scales();
  }

  private static QuantizedMatrix withOutliers(Layer layer, double fraction, boolean structured) {
    return OutlierQuantEase.solve(
            layer.w,
            new OutlierQuantEase.Inputs(layer.moments().sum(), ColumnOrder.natural(IN)),
            new GridFit(GRID),
            new OutlierQuantEase.Options(8, fraction, structured, 1, false),
            BACKEND)
        .matrix();
  }

  /**
   * The sweeps that keep the residual's image current come to what the definition does, which forms
   * the image of the present values anew before each sweep, in double.
   */
  @Test
  void theSweepsAreTheirDefinition() {
    for (long seed = 20; seed < 23; seed++) {
      Layer layer = layer(seed);
      Symmetric sigma = layer.moments().sum();
      for (int sweeps : new int[] {1, 3, 9}) {
        byte[] found =
            descend(layer.w, sigma, sweeps, Optional.empty(), false).matrix().codes().values();
        byte[] expected = byDefinition(layer.w, sigma, sweeps);
        // A weight that lies between two codes may fall either way, and its row goes on from there.
        int rows = 0;
        for (int o = 0; o < OUT; o++) {
          rows +=
              Arrays.equals(found, o * IN, (o + 1) * IN, expected, o * IN, (o + 1) * IN) ? 0 : 1;
        }
        assertTrue(rows <= OUT / 20, rows + " rows differ after " + sweeps + " sweeps");
      }
    }
  }

  /**
   * {@code β = P − O·N + Σ_{k<j} (O_k − Ŵ_k)·N_kj}, a column at a time (QuantEase, algorithm 2).
   */
  private static byte[] byDefinition(Tensor w, Symmetric sigma, int sweeps) {
    Grids grids = Grids.of(w, new GridFit(GRID));
    byte[] codes = new byte[OUT * IN];
    for (int o = 0; o < OUT; o++) {
      double[] value = new double[IN];
      for (int k = 0; k < IN; k++) {
        value[k] = w.data()[o * IN + k];
      }
      for (int t = 0; t < sweeps; t++) {
        double[] old = value.clone();
        for (int j = 0; j < IN; j++) {
          double best = w.data()[o * IN + j];
          for (int k = 0; k < IN; k++) {
            double n = k == j ? 0 : sigma.at(k, j) / sigma.at(j, j);
            best += (w.data()[o * IN + k] - old[k]) * n;
            best += k < j ? (old[k] - value[k]) * n : 0;
          }
          int group = o * grids.perRow() + j / GRID.groupSize();
          double scale = grids.scales()[group];
          int zero = grids.zeros()[group] & 0xFF;
          double steps = Math.clamp(Math.rint(best / scale), -zero, GRID.maxCode() - zero);
          value[j] = QuantEase.relaxed(t, sweeps) ? best : scale * steps;
          codes[o * IN + j] = (byte) (steps + zero);
        }
      }
    }
    return codes;
  }

  @Test
  void descentFromGptqIsNotAboveIt() {
    for (long seed = 10; seed < 16; seed++) {
      Layer layer = layer(seed);
      Symmetric moments = layer.moments().sum();
      for (GptqOptions.Order order : GptqOptions.Order.values()) {
        QuantizedMatrix first = gptq(layer.w, moments, GptqOptions.plain().with(order));
        QuantizedMatrix then = descend(layer.w, moments, 8, Optional.of(first), true).matrix();
        assertTrue(error(layer, then) <= error(layer, first) * (1 + 1e-6), order + " " + seed);
        assertTrue(
            error(layer, first)
                < error(layer, Grids.of(layer.w, new GridFit(GRID)).nearest(layer.w)));
      }
    }
  }

  @Test
  void singularMomentsAreDampedUntilTheyCanBeFactored() {
    Symmetric one = new Symmetric(IN);
    for (int i = 0; i < IN; i++) {
      Arrays.fill(one.rows()[i], 1);
    }
    GptqOptions undamped = new GptqOptions(0, 0.01, GptqOptions.Order.NATURAL, false, false);
    Gptq.Factor factor = Gptq.factor(one, GRID, undamped).orElseThrow();
    assertEquals(0.01, factor.damp(), 1e-12);
    GptqOptions stubborn = new GptqOptions(0, 0, GptqOptions.Order.NATURAL, false, false);
    assertTrue(Gptq.factor(one, GRID, stubborn).orElseThrow().floor() > 0);
    Symmetric wrong = one.scaled(1);
    wrong.rows()[5][5] = -1000;
    assertTrue(Gptq.factor(wrong, GRID, undamped).isEmpty());
  }

  @Test
  void ordersAreStable() {
    double[] values = {1, 5, 3, 5, 0, 9, 2};
    assertArrayEquals(new int[] {5, 1, 3, 2, 6, 0, 4}, ColumnOrder.descending(values));
    assertArrayEquals(new int[] {5, 3, 4, 1, 2, 0, 6}, ColumnOrder.groupAware(values, 3));
    assertArrayEquals(
        new int[] {5, 1, 3, 2, 6, 0, 4},
        ColumnOrder.inverse(ColumnOrder.inverse(ColumnOrder.descending(values))));
  }

  @Test
  void aShrunkRangeIsNeverWorseByItsOwnMeasure() {
    Tensor w = layer(7).w;
    w.data()[3] = 9;
    double plain = powers(w, Grids.of(w, new GridFit(GRID)).nearest(w));
    double searched = powers(w, Grids.of(w, new GridFit(GRID, true, 2.4)).nearest(w));
    assertTrue(searched < plain, searched + " " + plain);
  }

  private static double powers(Tensor w, QuantizedMatrix q) {
    Tensor v = q.dequantize();
    return IntStream.range(0, w.size())
        .mapToDouble(i -> Math.pow(Math.abs(v.data()[i] - w.data()[i]), 2.4))
        .sum();
  }
}
