package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Agreement with QuantEase, alone and behind GPTQ. */
class GoldenQuantEaseTest {
  @TestFactory
  Stream<DynamicTest> answers() {
    return Golden.tests(GoldenQuantEaseTest::alone, "quantease");
  }

  @TestFactory
  Stream<DynamicTest> answersBehindGptq() {
    return Golden.tests(GoldenQuantEaseTest::behind, "gptq_quantease");
  }

  private static Set<Backend> backends() {
    return Set.copyOf(List.of(Backends.reference(), Backends.chosen()));
  }

  private static void alone(Golden golden) {
    for (Backend backend : backends()) {
      SecondMoments moments = golden.moments(backend);
      int[] order =
          golden.is("act_order")
              ? ColumnOrder.descending(moments.sum().diagonal())
              : ColumnOrder.natural(golden.weight().dim(1));
      Grids grids =
          golden.is("static")
              ? Grids.of(golden.weight(), golden.fit())
              : Grids.of(golden.weight(), golden.fit(), order);
      QuantEase.Options options =
          new QuantEase.Options((int) golden.number("iters", 0), false, true);
      QuantEase.Solution found =
          QuantEase.solve(
              golden.weight(),
              new NormalMatrix(moments.sum(), order),
              grids,
              options,
              Optional.empty(),
              backend);
      Gates.check(golden, found.matrix());
      assertEquals(options.iterations(), found.errors().size());
    }
  }

  private static void behind(Golden golden) {
    for (Backend backend : backends()) {
      SecondMoments moments = golden.moments(backend);
      GptqOptions options = GoldenGptqTest.options(golden);
      Gptq.Factor factor = Gptq.factor(moments.normalised(), golden.grid(), options).orElseThrow();
      QuantizedMatrix first =
          Gptq.solve(golden.weight(), factor, golden.fit(), options, backend).matrix();
      double[] expected = golden.doubles("gptq_wq");
      Tensor start = first.dequantize();
      long equal = 0;
      for (int i = 0; i < expected.length; i++) {
        equal += Math.abs(expected[i] - start.data()[i]) < 1e-4 * Math.abs(expected[i]) ? 1 : 0;
        equal += expected[i] == 0 && start.data()[i] == 0 ? 1 : 0;
      }
      assertTrue(equal >= 0.99 * expected.length, "weights of GPTQ: " + equal);
      QuantEase.Solution found =
          QuantEase.solve(
              golden.weight(),
              new NormalMatrix(moments.sum(), factor.order()),
              Grids.of(first),
              new QuantEase.Options((int) golden.number("iters", 0), true, false),
              Optional.of(first),
              backend);
      Gates.check(golden, found.matrix());
    }
  }
}
