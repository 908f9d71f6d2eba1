package dev.ashlar.tuning.layerwise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.OutlierQuantEase;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Spqr;
import dev.ashlar.tuning.layerwise.solver.SpqrOptions;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Agreement with the methods that keep some weights as floats: QuantEase with outliers, SpQR. */
class GoldenOutliersTest {
  @TestFactory
  Stream<DynamicTest> answersOfQuantEase() {
    return Golden.tests(GoldenOutliersTest::quantEase, "outlier");
  }

  @TestFactory
  Stream<DynamicTest> answersOfSpqr() {
    return Golden.tests(GoldenOutliersTest::spqr, "spqr");
  }

  private static Set<Backend> backends() {
    return Set.copyOf(List.of(Backends.reference(), Backends.chosen()));
  }

  private static int[] order(Golden golden, Symmetric moments) {
    return golden.is("act_order")
        ? ColumnOrder.descending(moments.diagonal())
        : ColumnOrder.natural(moments.dim());
  }

  private static void quantEase(Golden golden) {
    for (Backend backend : backends()) {
      Symmetric moments = golden.moments(backend).sum();
      OutlierQuantEase.Options options =
          new OutlierQuantEase.Options(
              (int) golden.number("iters", 0),
              golden.number("outlier", 0),
              golden.is("structured"),
              golden.number("alpha", 1),
              false);
      QuantizedMatrix found =
          OutlierQuantEase.solve(
                  golden.weight(),
                  new OutlierQuantEase.Inputs(moments, order(golden, moments)),
                  golden.fit(),
                  options,
                  backend)
              .matrix();
      Gates.check(golden, found);
      if (golden.is("structured")) {
        columns(golden, (Outliers.Columns) found.outliers().orElseThrow());
      } else {
        Map<Integer, Double> values = new HashMap<>();
        places((Outliers.Entries) found.outliers().orElseThrow(), found.in(), values);
        entries(golden, values, golden.ints("outlier_index").length);
      }
    }
  }

  /** Values by flat index. */
  private static void places(Outliers.Entries o, int in, Map<Integer, Double> values) {
    for (int row = 0; row + 1 < o.start().length; row++) {
      for (int i = o.start()[row]; i < o.start()[row + 1]; i++) {
        values.put(row * in + o.columns()[i], (double) o.values()[i]);
      }
    }
  }

  private static void entries(Golden golden, Map<Integer, Double> found, int count) {
    int[] index = golden.ints("outlier_index");
    double[] values = golden.doubles("outlier_values");
    assertEquals(count, found.size(), 0.02 * count, "how many outliers");
    double largest = 0;
    for (double v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    int common = 0;
    for (int i = 0; i < index.length; i++) {
      Double value = found.get(index[i]);
      if (value != null) {
        common++;
        assertEquals(values[i], value, 1e-3 * largest, "outlier " + index[i]);
      }
    }
    assertTrue(common >= 0.98 * index.length, common + " of " + index.length + " outliers");
  }

  private static void columns(Golden golden, Outliers.Columns found) {
    assertArrayEquals(golden.ints("outlier_columns"), found.columns());
    double[] values = golden.doubles("outlier_values");
    double largest = 0;
    for (double v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    for (int i = 0; i < values.length; i++) {
      assertEquals(values[i], found.values()[i], 1e-3 * largest, "outlier " + i);
    }
  }

  private static void spqr(Golden golden) {
    double threshold = golden.number("thr", Double.POSITIVE_INFINITY);
    SpqrOptions options =
        new SpqrOptions(
            golden.number("percdamp", 0.01),
            golden.is("act_order") ? SpqrOptions.Order.ACT_ORDER : SpqrOptions.Order.IDENTITY,
            threshold,
            golden.is("simplified"),
            false,
            (int) golden.number("qs", 0),
            (int) golden.number("qz", 0),
            (int) golden.number("qg", 16),
            false);
    for (Backend backend : backends()) {
      Symmetric moments = golden.moments(backend).normalised();
      Tensor w = golden.weight();
      QuantizedMatrix found =
          Spqr.solve(
              w,
              Spqr.factor(moments, Spqr.order(options, moments, w), options.damp()).orElseThrow(),
              golden.grid(),
              options,
              backend);
      Gates.codes(golden, found);
      Gates.error(golden, golden.error(found.dequantize()));
      spqrGrids(golden, found);
      if (threshold < Double.POSITIVE_INFINITY) {
        Map<Integer, Double> added = new HashMap<>();
        places((Outliers.Entries) found.outliers().orElseThrow(), found.in(), added);
        Tensor whole = found.dequantize();
        Map<Integer, Double> kept = new HashMap<>();
        added.keySet().forEach(at -> kept.put(at, (double) whole.data()[at]));
        entries(golden, kept, golden.ints("outlier_index").length);
      } else {
        assertTrue(found.outliers().isEmpty());
      }
    }
  }

  private static void spqrGrids(Golden golden, QuantizedMatrix found) {
    assertArrayEquals(
        golden.ints("g_idx"), IntStream.range(0, found.in()).map(found::group).toArray(), "g_idx");
    int[] codes = golden.ints("codes");
    double[] scales = golden.doubles("scale");
    double[] zeros = golden.doubles("zero");
    int perRow = scales.length / found.out();
    for (int o = 0; o < found.out(); o++) {
      for (int g = o * perRow; Gates.sameRow(codes, found, o) && g < (o + 1) * perRow; g++) {
        float scale = found.groups().scale(g);
        assertEquals(scales[g], scale, 1e-5 * Math.abs(scales[g]), "scale " + g);
        double zero = -found.groups().weight(g, 0) / scale;
        assertEquals(zeros[g], zero, 1e-5 * Math.max(1, Math.abs(zeros[g])), "zero " + g);
      }
    }
  }

  /** The error after each of thirty sweeps, at 2, 3 and 4 bits. */
  @Test
  void curves() {
    Path root = Golden.shared().orElse(null);
    Assumptions.assumeTrue(root != null, "no shared folder");
    try (SafetensorsFile curves = SafetensorsFile.open(root.resolve("curves_a.safetensors"));
        Golden a = Golden.open(root.resolve("quantease_a_w3_grow_asym_it30.safetensors"))) {
      for (String name : curves.names()) {
        double[] expected = Golden.doubles(curves.tensor(name));
        int bits = name.charAt(name.length() - 1) - '0';
        List<Double> found = errors(a, name, new IntegerGrid(bits, -1, false, DType.F32));
        for (int t = 0; t < expected.length; t++) {
          assertEquals(expected[t], found.get(t), 5e-3 * expected[t], name + ", sweep " + t);
        }
      }
    }
  }

  private static List<Double> errors(Golden a, String name, IntegerGrid grid) {
    Backend backend = Backends.chosen();
    Tensor w = a.weight();
    SecondMoments moments = a.moments(backend);
    int[] order = ColumnOrder.natural(w.dim(1));
    GridFit fit = new GridFit(grid, false, 0);
    QuantEase.Solution solution =
        name.startsWith("quantease")
            ? QuantEase.solve(
                w,
                new NormalMatrix(moments.sum(), order),
                Grids.of(w, fit),
                new QuantEase.Options(30, false, true),
                Optional.empty(),
                backend)
            : OutlierQuantEase.solve(
                w,
                new OutlierQuantEase.Inputs(moments.sum(), order),
                fit,
                new OutlierQuantEase.Options(30, 0.01, name.contains("_struct"), 1, true),
                backend);
    double all = 0;
    for (int o = 0; o < w.dim(0); o++) {
      for (int i = 0; i < w.dim(1); i++) {
        for (int j = 0; j < w.dim(1); j++) {
          all +=
              (double) w.data()[o * w.dim(1) + i]
                  * w.data()[o * w.dim(1) + j]
                  * moments.sum().at(i, j);
        }
      }
    }
    double whole = all;
    return solution.errors().stream().map(e -> e / whole).toList();
  }
}
