package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Products with 16-bit floats against the definition's with the same matrix as floats. */
class DeviceHalvesTest {
  private static final int OUT = 13;
  private static final int ITEMS = 16;

  /** Any bits but those of infinity and NaN, subnormal numbers of IEEE's among them. */
  private static HalfMatrix matrix(Random random, DType type, int out, int in) {
    short[] bits = new short[out * in];
    for (int i = 0; i < bits.length; i++) {
      int exponents = type == DType.F16 ? 31 : 40;
      int fraction = type == DType.F16 ? 10 : 7;
      int exponent = random.nextInt(exponents) + (type == DType.F16 ? 0 : 95);
      int sign = random.nextInt(2) << 15;
      bits[i] = (short) (sign | exponent << fraction | random.nextInt(1 << fraction));
    }
    return new HalfMatrix(type, out, in, bits);
  }

  @ParameterizedTest
  @CsvSource({"F16, 1", "BF16, 1", "F16, 33", "BF16, 64"})
  void everyNumberIsExact(DType type, int in) {
    HalfMatrix w = matrix(new Random(in), type, OUT, in);
    // A row of x has a single one, so that a product is a number of the matrix.
    float[] x = new float[in * in];
    float[] expected = new float[in * OUT];
    for (int k = 0; k < in; k++) {
      x[k * in + k] = 1;
      for (int o = 0; o < OUT; o++) {
        expected[k * OUT + o] = w.value(o * in + k);
      }
    }
    DeviceTesting.assertClose(expected, product(w, x, in, in), 0, 0, "numbers");
  }

  @ParameterizedTest
  @CsvSource({"F16, 3, 40", "BF16, 2, 100", "BF16, 1, 7"})
  void productsAreTheDefinition(DType type, int m, int in) {
    Random random = new Random(in);
    HalfMatrix w = matrix(random, type, OUT, in);
    float[] x = DeviceTesting.floats(random, m * in, 1);
    float[] expected = new float[m * OUT];
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double sum = 0;
      for (int k = 0; k < in; k++) {
        double term = (double) x[i / OUT * in + k] * w.value(i % OUT * in + k);
        sum += term;
        largest = Math.max(largest, Math.abs(term));
      }
      expected[i] = (float) sum;
    }
    double absolute = 1e-6 * in * largest;
    DeviceTesting.assertClose(expected, product(w, x, m, in), 1e-5, absolute, "product");

    FloatArray rows = DeviceTesting.device(x);
    ShortArray bits = ShortArray.fromArray(w.bits());
    FloatArray powers = DeviceHalfMatrix.powers(type);
    int fraction = new DeviceHalfMatrix(type, bits, powers).fraction();
    IntArray active = IntArray.fromArray(new int[] {m - 1});
    FloatArray byGroups = DeviceTesting.device(new float[m * OUT]);
    KernelContext context = new KernelContext();
    DeviceTesting.runGroups(
        m * OUT,
        ITEMS,
        g ->
            g.task(
                "k",
                DeviceHalves::xwtByGroups,
                context,
                rows,
                bits,
                powers,
                byGroups,
                active,
                OUT,
                in,
                fraction,
                ITEMS),
        rows,
        bits,
        powers,
        byGroups,
        active);
    Arrays.fill(expected, (m - 1) * OUT, m * OUT, 0);
    DeviceTesting.assertClose(expected, byGroups, 1e-5, absolute, "by groups");
  }

  private static FloatArray product(HalfMatrix w, float[] x, int m, int in) {
    FloatArray rows = DeviceTesting.device(x);
    ShortArray bits = ShortArray.fromArray(w.bits());
    FloatArray powers = DeviceHalfMatrix.powers(w.type());
    int fraction = new DeviceHalfMatrix(w.type(), bits, powers).fraction();
    IntArray active = IntArray.fromArray(new int[] {m});
    FloatArray found = DeviceTesting.device(new float[m * OUT]);
    DeviceTesting.run(
        g ->
            g.task("k", DeviceHalves::xwt, rows, bits, powers, found, active, m, OUT, in, fraction),
        rows,
        bits,
        powers,
        found,
        active);
    return found;
  }

  @ParameterizedTest
  @CsvSource({"F16, true", "BF16, false"})
  void expertsAreTheChosen(DType type, boolean fromStream) {
    int rows = 3;
    int perToken = 2;
    int experts = 4;
    int in = 21;
    int places = rows * perToken;
    int share = fromStream ? perToken : 1;
    Random random = new Random(in);
    float[] values = DeviceTesting.floats(random, experts * OUT * in, 1);
    short[] raw = new short[values.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] =
          type == DType.F16
              ? Float.floatToFloat16(values[i])
              : (short) (Float.floatToRawIntBits(values[i]) >> 16);
    }
    float[] floats = new HalfMatrix(type, experts * OUT, in, raw).toTensor().data();
    float[] x = DeviceTesting.floats(random, places / share * in, 1);
    int[] chosen = random.ints(places, 0, experts).toArray();
    float[] expected = new float[places * OUT];
    for (int s = 0; s < (rows - 1) * perToken; s++) {
      float[] row = Arrays.copyOfRange(x, s / share * in, (s / share + 1) * in);
      int first = chosen[s] * OUT * in;
      float[] w = Arrays.copyOfRange(floats, first, first + OUT * in);
      float[] y = new float[OUT];
      for (int o = 0; o < OUT; o++) {
        for (int k = 0; k < in; k++) {
          y[o] += row[k] * w[o * in + k];
        }
      }
      System.arraycopy(y, 0, expected, s * OUT, OUT);
    }

    FloatArray from = DeviceTesting.device(x);
    ShortArray bits = ShortArray.fromArray(raw);
    FloatArray powers = DeviceHalfMatrix.powers(type);
    int fraction = new DeviceHalfMatrix(type, bits, powers).fraction();
    IntArray choice = IntArray.fromArray(chosen);
    IntArray active = IntArray.fromArray(new int[] {rows - 1});
    FloatArray found = DeviceTesting.device(new float[places * OUT]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceHalves::expertXwt,
                from,
                bits,
                powers,
                found,
                choice,
                active,
                places,
                perToken,
                share,
                OUT,
                in,
                fraction),
        from,
        bits,
        powers,
        found,
        choice,
        active);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "experts");

    FloatArray byGroups = DeviceTesting.device(new float[places * OUT]);
    KernelContext context = new KernelContext();
    DeviceTesting.runGroups(
        places * OUT,
        ITEMS,
        g ->
            g.task(
                "k",
                DeviceHalves::expertXwtByGroups,
                context,
                from,
                bits,
                powers,
                byGroups,
                choice,
                active,
                perToken,
                share,
                OUT,
                in,
                fraction,
                ITEMS),
        from,
        bits,
        powers,
        byGroups,
        choice,
        active);
    DeviceTesting.assertClose(expected, byGroups, 1e-5, 1e-5, "experts by groups");
  }
}
