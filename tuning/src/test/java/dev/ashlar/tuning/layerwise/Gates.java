package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.stream.IntStream;

/**
 * How far an answer may be from the recorded one. The gates are looser than anything seen from
 * correct programs in float: one flipped rounding disturbs the later columns of its row.
 */
final class Gates {
  private Gates() {}

  /** Codes, error, grids and groups of columns. */
  static void check(Golden golden, QuantizedMatrix found) {
    codes(golden, found);
    error(golden, golden.error(found.dequantize()));
    grids(golden, found);
  }

  static void codes(Golden golden, QuantizedMatrix found) {
    double gate = golden.number("bits", 0) == 8 ? 0.97 : 0.99;
    double seen = golden.number("min_code_agreement", 1);
    // Where correct programs part from one another already, no more can be asked.
    double least = seen < gate ? seen - 0.05 : gate;
    double equal = agreement(golden.ints("codes"), found);
    assertTrue(equal >= least, "equal codes: " + equal + ", gate " + least);
  }

  static double agreement(int[] codes, QuantizedMatrix found) {
    byte[] values = found.codes().values();
    assertEquals(codes.length, values.length);
    return IntStream.range(0, codes.length).filter(i -> codes[i] == (values[i] & 0xFF)).count()
        / (double) codes.length;
  }

  static void error(Golden golden, double found) {
    double gate = golden.number("bits", 0) == 8 ? 1e-2 : 5e-3;
    double most = Math.max(gate, 1.5 * golden.number("max_relerr_deviation", 0));
    double expected = golden.number("relerr", 0);
    assertEquals(expected, found, most * expected, "relative error");
  }

  static void grids(Golden golden, QuantizedMatrix found) {
    Groups.ZeroPoints groups = (Groups.ZeroPoints) found.groups();
    assertArrayEquals(
        golden.ints("g_idx"), IntStream.range(0, found.in()).map(found::group).toArray(), "g_idx");
    int[] codes = golden.ints("codes");
    double[] scales = golden.doubles("scale");
    double[] zeros = golden.doubles("zero");
    int perRow = scales.length / found.out();
    boolean fixed =
        perRow == 1 || golden.is("static") || !golden.settings().get("method").contains("gptq");
    for (int o = 0; o < found.out(); o++) {
      if (!sameRow(codes, found, o)) {
        continue;
      }
      for (int g = o * perRow; g < (o + 1) * perRow; g++) {
        assertEquals(
            scales[g], groups.scales()[g], (fixed ? 2e-7 : 1e-5) * scales[g], "scale " + g);
        assertEquals((int) zeros[g], groups.zeros()[g] & 0xFF, "zero " + g);
      }
    }
  }

  static boolean sameRow(int[] codes, QuantizedMatrix found, int o) {
    int in = found.in();
    return IntStream.range(o * in, (o + 1) * in)
        .allMatch(i -> codes[i] == (found.codes().values()[i] & 0xFF));
  }
}
