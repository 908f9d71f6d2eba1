package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The three layouts, to the borders of tiles and beyond, against the definition. */
class DeviceProductsTest {
  private static final int TILE = DeviceProducts.TILE;
  private final MatMulKernel reference = Backends.reference().matMul();

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 5, 7", "16, 16, 16", "17, 33, 40", "1, 100, 64"})
  void layoutsAreTheDefinition(int m, int n, int k) {
    Random random = new Random(m * 31L + n);
    float[] a = DeviceTesting.floats(random, m * k, 1);
    float[] b = DeviceTesting.floats(random, n * k, 1);
    for (int keep = 0; keep <= 1; keep++) {
      int add = keep;
      float[] c = DeviceTesting.floats(random, m * n, 1);
      FloatArray left = DeviceTesting.device(a);
      FloatArray right = DeviceTesting.device(b);

      FloatArray found = DeviceTesting.device(c);
      DeviceTesting.run(
          g -> g.task("k", DeviceProducts::xwt, left, right, found, m, n, k, add),
          left,
          right,
          found);
      float[] expected = c.clone();
      reference.xwt(m, n, k, a, 0, k, b, 0, k, expected, 0, n, add == 1);
      DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "x·wᵀ");

      FloatArray found2 = DeviceTesting.device(c);
      DeviceTesting.run(
          g -> g.task("k", DeviceProducts::xw, left, right, found2, m, n, k, add),
          left,
          right,
          found2);
      expected = c.clone();
      reference.xw(m, n, k, a, 0, k, b, 0, n, expected, 0, n, add == 1);
      DeviceTesting.assertClose(expected, found2, 1e-5, 1e-5, "x·w");

      FloatArray found3 = DeviceTesting.device(c);
      DeviceTesting.run(
          g -> g.task("k", DeviceProducts::xtw, left, right, found3, m, n, k, add),
          left,
          right,
          found3);
      expected = c.clone();
      reference.xtw(m, n, k, a, 0, m, b, 0, n, expected, 0, n, add == 1);
      DeviceTesting.assertClose(expected, found3, 1e-5, 1e-5, "xᵀ·w");
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "16, 16, 16", "17, 33, 40", "5, 20, 100"})
  void tilesAreTheDefinition(int m, int n, int k) {
    Random random = new Random(m * 37L + n);
    float[] a = DeviceTesting.floats(random, m * k, 1);
    float[] b = DeviceTesting.floats(random, n * k, 1);
    FloatArray left = DeviceTesting.device(a);
    FloatArray right = DeviceTesting.device(b);
    FloatArray found = DeviceTesting.device(new float[m * n]);
    int perRow = (n + TILE - 1) / TILE;
    int groups = (m + TILE - 1) / TILE * perRow;
    KernelContext context = new KernelContext();
    DeviceTesting.runGroups(
        groups,
        TILE * TILE,
        g -> g.task("k", DeviceProducts::xwtTiled, context, left, right, found, m, n, k, perRow),
        left,
        right,
        found);
    float[] expected = new float[m * n];
    reference.xwt(m, n, k, a, 0, k, b, 0, k, expected, 0, n, false);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "tiles");

    float[] c = DeviceTesting.floats(random, m * n, 1);
    for (int keep = 0; keep <= 1; keep++) {
      int add = keep;
      FloatArray found2 = DeviceTesting.device(c);
      DeviceTesting.runGroups(
          groups,
          TILE * TILE,
          g ->
              g.task(
                  "k", DeviceProducts::xwTiled, context, left, right, found2, m, n, k, perRow, add),
          left,
          right,
          found2);
      expected = c.clone();
      reference.xw(m, n, k, a, 0, k, b, 0, n, expected, 0, n, add == 1);
      DeviceTesting.assertClose(expected, found2, 1e-5, 1e-5, "tiles of x·w");
    }
  }

  /** The gradient of a matrix by groups, with partial sums of two tiles. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "16, 16, 16", "17, 33, 40", "20, 5, 100"})
  void tilesOfGradientsAreTheDefinition(int out, int in, int rows) {
    Random random = new Random(out * 41L + in);
    float[] a = DeviceTesting.floats(random, rows * out, 1);
    float[] b = DeviceTesting.floats(random, rows * in, 1);
    float[] c = DeviceTesting.floats(random, out * in, 1);
    FloatArray dy = DeviceTesting.device(a);
    FloatArray x = DeviceTesting.device(b);
    int perRow = (in + TILE - 1) / TILE;
    int groups = (out + TILE - 1) / TILE * perRow;
    KernelContext context = new KernelContext();
    for (int mode : new int[] {DeviceGradients.KEEP, DeviceGradients.WRITE, DeviceGradients.ADD}) {
      IntArray what = IntArray.fromArray(new int[] {mode});
      FloatArray found = DeviceTesting.device(c);
      DeviceTesting.runGroups(
          groups,
          TILE * TILE,
          g ->
              g.task(
                  "k",
                  DeviceGradients::weightsTiled,
                  context,
                  dy,
                  x,
                  found,
                  what,
                  out,
                  in,
                  rows,
                  2 * TILE,
                  perRow),
          dy,
          x,
          found,
          what);
      float[] expected = c.clone();
      if (mode != DeviceGradients.KEEP) {
        boolean add = mode == DeviceGradients.ADD;
        reference.xtw(out, in, rows, a, 0, out, b, 0, in, expected, 0, in, add);
      }
      DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "mode " + mode);
    }
  }
}
