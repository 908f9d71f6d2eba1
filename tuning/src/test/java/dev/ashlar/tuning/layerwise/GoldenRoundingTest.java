package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.Grids;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The peers' grids and rounding, bit by bit. */
class GoldenRoundingTest {
  @TestFactory
  Stream<DynamicTest> answers() {
    return Golden.tests(GoldenRoundingTest::check, "rtn");
  }

  private static void check(Golden golden) {
    QuantizedMatrix found = Grids.of(golden.weight(), golden.fit()).nearest(golden.weight());
    assertEquals(1.0, Gates.agreement(golden.ints("codes_f32"), found), "equal codes");
    double expected = golden.number("relerr_f32", 0);
    assertEquals(expected, golden.error(found.dequantize()), 1e-6 * expected);
    double[] scales = golden.doubles("scale_f32");
    for (int i = 0; i < scales.length; i++) {
      assertEquals((float) scales[i], found.zeroPoints().scales()[i], "scale " + i);
    }
  }
}
