package dev.ashlar.tuning.feedback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How much is added to the diagonal of moments. */
class DampingTest {
  private static final int IN = 96;
  private static final int OUT = 24;

  @Test
  void fewTokensOfAWideInputAskForMore() {
    assertEquals(0.4, Damping.AUTO.of(576, 8192));
    assertEquals(1.5 * 1536 / 1536, Damping.AUTO.of(1536, 1536));
    assertEquals(1.5 * 576, Damping.AUTO.of(576, 0), "as for one token");
    assertEquals(0.2, Damping.of(0.2).of(1536, 1));
    assertThrows(IllegalArgumentException.class, () -> Damping.of(0));
    assertThrows(IllegalArgumentException.class, () -> Damping.of(Double.NaN));
  }

  /** What few tokens owe is chance for the most part, and is not to be paid at others' expense. */
  @Test
  void whatIsOwedByChanceIsHardlyPaid() {
    double auto = 0;
    double fixed = 0;
    for (int seed = 0; seed < 4; seed++) {
      Random random = new Random(seed);
      Tensor w = Tensor.of(SolverPiecesTest.random(random, OUT * IN), OUT, IN);
      Tensor few = SolverPiecesTest.inputs(random, 40, IN);
      Tensor chance = Tensor.of(SolverPiecesTest.random(random, 40 * OUT), 40, OUT);
      float[] others = SolverPiecesTest.moments(SolverPiecesTest.inputs(random, 4000, IN)).floats();
      auto += error(w, few, chance, Damping.AUTO, others);
      fixed += error(w, few, chance, Damping.of(0.4), others);
    }
    assertTrue(auto < 0.95 * fixed, auto + " against " + fixed);
  }

  private static double error(Tensor w, Tensor x, Tensor t, Damping damping, float[] others) {
    StreamMoments moments = new StreamMoments(IN, OUT, Backends.chosen());
    moments.add(x, t);
    SolverOptions options = new SolverOptions(damping, 1, 4, 2);
    LayerSolver solver =
        new LayerSolver("w", moments.second(), moments.tokens(), options, Backends.chosen());
    LinearLayer layer = new LinearLayer("w", w, new IntegerGrid(4, 32, false));
    QuantizedMatrix solved = solver.solve(layer, solver.overMoments(moments.cross())).matrix();
    return SolverPiecesTest.error(w, solved.dequantize(), others);
  }
}
