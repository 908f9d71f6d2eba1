package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with codes of every width, against the definition's product with the same matrix. */
class DevicePackedTest {
  private static final int OUT = 19;

  @ParameterizedTest
  @CsvSource({
    "2, 64, 128, 1",
    "3, 32, 96, 3",
    "3, 32, 75, 1",
    "4, 32, 64, 2",
    "4, 128, 200, 1",
    "8, 16, 40, 4",
    "5, 32, 70, 1",
    "6, 16, 48, 2"
  })
  void productsAreTheDefinition(int bits, int size, int in, int m) {
    Random random = new Random(bits * 100L + in);
    QuantizedMatrix matrix = matrix(random, bits, size, OUT, in);
    DeviceMatrix w = DeviceMatrix.of(matrix);
    float[] x = DeviceTesting.floats(random, m * in, 1);
    float[] expected = new float[m * OUT];
    var packed = Backends.reference().packed();
    packed.multiply(m, x, 0, packed.pack(matrix), expected, 0);

    IntArray active = IntArray.fromArray(new int[] {m});
    FloatArray rows = DeviceTesting.device(x);
    FloatArray found = DeviceTesting.device(new float[m * OUT]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DevicePacked::xwt,
                rows,
                w.words(),
                w.scales(),
                w.minimums(),
                found,
                active,
                m,
                OUT,
                in,
                w.bits(),
                w.size(),
                w.wordsPerRow()),
        rows,
        w.words(),
        w.scales(),
        w.minimums(),
        found,
        active);
    DeviceTesting.assertClose(expected, found, 1e-5, 2e-4, "packed product");

    FloatArray expanded = DeviceTesting.device(new float[OUT * in]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DevicePacked::expand,
                w.words(),
                w.scales(),
                w.minimums(),
                expanded,
                OUT,
                in,
                w.bits(),
                w.size(),
                w.wordsPerRow()),
        w.words(),
        w.scales(),
        w.minimums(),
        expanded);
    DeviceTesting.assertClose(matrix.dequantize().data(), expanded, 1e-6, 1e-5, "weights");

    if (w.isAligned()) {
      int items = 16;
      FloatArray byGroups = DeviceTesting.device(new float[m * OUT]);
      KernelContext context = new KernelContext();
      DeviceTesting.runGroups(
          m * OUT,
          items,
          g ->
              g.task(
                  "k",
                  DevicePacked::xwtByGroups,
                  context,
                  rows,
                  w.words(),
                  w.scales(),
                  w.minimums(),
                  byGroups,
                  active,
                  OUT,
                  in,
                  w.bits(),
                  w.size(),
                  items),
          rows,
          w.words(),
          w.scales(),
          w.minimums(),
          byGroups,
          active);
      DeviceTesting.assertClose(expected, byGroups, 1e-5, 2e-4, "packed product by groups");
    }
  }

  /** A matrix of any codes. */
  static QuantizedMatrix matrix(Random random, int bits, int size, int out, int in) {
    IntegerGrid grid = new IntegerGrid(bits, size, false);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    int groups = out * grid.groups(in);
    byte[] zeros = new byte[groups];
    float[] scales = new float[groups];
    for (int g = 0; g < groups; g++) {
      zeros[g] = (byte) random.nextInt(1 << bits);
      scales[g] = (random.nextFloat() - 0.5f) / (1 << bits);
    }
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }
}
