package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Agreement with the solver of AutoGPTQ. */
class GoldenGptqTest {
  @TestFactory
  Stream<DynamicTest> answers() {
    return Golden.tests(GoldenGptqTest::check, "gptq");
  }

  private static void check(Golden golden) {
    for (Backend backend : Set.copyOf(List.of(Backends.reference(), Backends.chosen()))) {
      Gates.check(golden, solve(golden, backend));
    }
  }

  static GptqOptions options(Golden golden) {
    return new GptqOptions(
        golden.number("percdamp", 0.01),
        0.01,
        golden.is("act_order") ? GptqOptions.Order.ACTIVATION : GptqOptions.Order.NATURAL,
        golden.is("static"),
        false);
  }

  private static QuantizedMatrix solve(Golden golden, Backend backend) {
    GptqOptions options = options(golden);
    Gptq.Factor factor =
        Gptq.factor(golden.moments(backend).normalised(), golden.grid(), options).orElseThrow();
    return Gptq.solve(golden.weight(), factor, golden.fit(), options, backend).matrix();
  }
}
