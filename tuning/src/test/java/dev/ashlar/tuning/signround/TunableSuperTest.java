package dev.ashlar.tuning.signround;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.Collected;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SignRound on grids of two levels. */
class TunableSuperTest {
  /** Two levels for rows that super-blocks of 256 do not divide. */
  static Stream<SuperGrid> grids() {
    return Stream.of(new SuperGrid(2, 16, 2, 4, 4), new SuperGrid(3, 16, 2, 6, 0));
  }

  private static LinearLayer layer(SuperGrid grid, int out, int in) {
    Random random = new Random(3);
    Tensor w = Tensor.zeros(out, in);
    for (int i = 0; i < w.size(); i++) {
      w.data()[i] = (float) (random.nextGaussian() * 0.1);
    }
    return new LinearLayer("layer", w, grid);
  }

  /**
   * Gradients of α and β beside finite differences of ŵ with all roundings held: those of codes,
   * and those of scales and minimums to whole multiples, which add the same to what α and β give.
   */
  @ParameterizedTest
  @MethodSource("grids")
  void gradientsOfRangesAreDifferences(SuperGrid grid) {
    int out = 2;
    int in = 2 * grid.blockSize();
    LinearLayer layer = layer(grid, out, in);
    TunableSuper tuned = new TunableSuper(layer, new Workspace(), SignRoundOptions.of(10), null);
    Random random = new Random(4);
    float[][] multipliers = tuned.multipliers();
    for (float[] m : multipliers) {
      for (int g = 0; g < m.length; g++) {
        m[g] = 0.7f + 0.2f * random.nextFloat();
      }
    }
    for (int i = 0; i < tuned.value().length; i++) {
      tuned.value()[i] = (float) (random.nextGaussian() * 0.3);
      tuned.gradient().data()[i] = (float) random.nextGaussian();
    }
    tuned.build();
    tuned.keep();
    float[][] found = tuned.gradients();
    QuantizedMatrix now = tuned.result();
    Groups.SuperBlocks groups = (Groups.SuperBlocks) now.groups();
    for (int g = 0; g < multipliers[0].length; g++) {
      Held held = new Held(grid, layer, tuned, now, groups, g);
      double e = 1e-5;
      double a = multipliers[0][g];
      double b = multipliers[1][g];
      double dMin = (held.loss(a + e, b) - held.loss(a - e, b)) / (2 * e);
      double dMax = (held.loss(a, b + e) - held.loss(a, b - e)) / (2 * e);
      assertEquals(dMin, found[1][g], 2e-3 * (0.1 + Math.abs(dMin)), "alpha of " + g);
      assertEquals(dMax, found[2][g], 2e-3 * (0.1 + Math.abs(dMax)), "beta of " + g);
    }
  }

  /** One group's part of the loss for multipliers, roundings held. */
  private record Held(
      SuperGrid grid,
      LinearLayer layer,
      TunableSuper tuned,
      QuantizedMatrix now,
      Groups.SuperBlocks groups,
      int g) {
    private double[] range() {
      double[] range = new double[2];
      for (int i = g * grid.groupSize(); i < (g + 1) * grid.groupSize(); i++) {
        range[0] = Math.min(range[0], layer.weight().data()[i]);
        range[1] = Math.max(range[1], layer.weight().data()[i]);
      }
      return range;
    }

    private double step(double alpha, double beta) {
      double low = range()[0] * alpha;
      double high = range()[1] * beta;
      return grid.symmetric()
          ? (high < -low ? -low : -high) / grid.middle()
          : (high - low) / grid.maxCode();
    }

    double loss(double alpha, double beta) {
      double alpha0 = tuned.multipliers()[0][g];
      double beta0 = tuned.multipliers()[1][g];
      double step0 = groups.scale(g);
      double step = step0 + step(alpha, beta) - step(alpha0, beta0);
      double low0 = grid.symmetric() ? 0 : groups.minimum(g);
      double low = grid.symmetric() ? 0 : low0 + range()[0] * (alpha - alpha0);
      double zero = grid.symmetric() ? grid.middle() : 0;
      double sum = 0;
      for (int i = g * grid.groupSize(); i < (g + 1) * grid.groupSize(); i++) {
        double w = layer.weight().data()[i];
        int code = now.codes().values()[i];
        double wished = (w - low0) / step0 + tuned.value()[i] + zero;
        // By default a weight that lands on an end of its own passes nothing, but for two bits.
        int inner = grid.bits() <= 2 ? 0 : 1;
        double r = Math.rint(wished);
        boolean inside = r >= inner && r <= grid.maxCode() - inner;
        double moved = inside ? (w - low) / step - (w - low0) / step0 : 0;
        sum += tuned.gradient().data()[i] * (step * (code + moved - zero) + low);
      }
      return sum;
    }
  }

  private static RunReport run(SuperGrid grid, Collected into, String... switches) {
    Map<String, String> o = new LinkedHashMap<>();
    o.put("iters", "30");
    for (String s : switches) {
      o.put(s, "true");
    }
    try (Checkpoint source = TinyModel.open()) {
      return new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(grid),
              TinyModel.data(16, 16),
              Methods.named("signround").create(MethodOptions.of(o)),
              new RunOptions(4, 1, 1, true, 42))
          .run(into, RunListener.SILENT);
    }
  }

  /** It lowers the loss with which rounding begins, in both ways, whatever the threads. */
  @ParameterizedTest
  @MethodSource("grids")
  void tuningLowersTheLoss(SuperGrid grid) {
    for (String[] how : new String[][] {{}, {"enable_alg_ext"}, {"enable_adam"}}) {
      Collected codes = new Collected();
      RunReport report = run(grid, codes, how);
      TuningHistory history = report.units().getFirst().history().orElseThrow();
      assertTrue(
          history.bestLoss() < 0.9 * history.firstLoss(),
          grid + " " + String.join(",", how) + ": " + history.bestLoss());
      Collected again = new Collected();
      Parallel.limited(1, () -> run(grid, again, how));
      codes.assertSame(again);
    }
  }

  /** The extension moves V alone: scales are those of the search. */
  @ParameterizedTest
  @MethodSource("grids")
  void searchedScalesStay(SuperGrid grid) {
    Collected rounded = new Collected();
    try (Checkpoint source = TinyModel.open()) {
      new BlockwiseQuantization(
              Architectures.load(source),
              QuantizationPlan.uniform(grid),
              TinyModel.data(16, 16),
              Methods.named("opt-rtn").create(MethodOptions.none()),
              new RunOptions(4, 1, 1, true, 42))
          .run(rounded, RunListener.SILENT);
    }
    Collected tuned = new Collected();
    run(grid, tuned, "enable_alg_ext");
    String first = tuned.layers().keySet().iterator().next();
    Groups.SuperBlocks a = (Groups.SuperBlocks) rounded.layers().get(first).groups();
    Groups.SuperBlocks b = (Groups.SuperBlocks) tuned.layers().get(first).groups();
    assertArrayEquals(a.scales().factors(), b.scales().factors());
    assertArrayEquals(a.scales().bases(), b.scales().bases());
  }
}
