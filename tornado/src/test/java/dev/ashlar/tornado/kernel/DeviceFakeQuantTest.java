package dev.ashlar.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The forward and steps down the sign, against the definition. */
class DeviceFakeQuantTest {
  private static final int OUT = 12;
  private static final int STEPS = 6;

  @ParameterizedTest
  @CsvSource({
    "2, 32, 64, true, F16, true", "3, 32, 70, false, F16, true", "4, 128, 128, true, F32, true",
    "4, 32, 96, false, F16, false", "4, -1, 50, true, F16, false", "8, 16, 48, false, F32, true"
  })
  void stepsAreTheDefinitions(
      int bits, int group, int in, boolean symmetric, DType type, boolean exact) {
    IntegerGrid grid = new IntegerGrid(bits, group, symmetric, type);
    int size = grid.effectiveGroup(in);
    int groups = OUT * grid.groups(in);
    Random random = new Random(bits * 7L + in);
    float[] weight = DeviceTesting.floats(random, OUT * in, 0.2f);
    FakeQuantKernel kernel = Backends.reference().fakeQuant();
    float[] wMin = new float[groups];
    float[] wMax = new float[groups];
    kernel.range(grid, 0, OUT, in, weight, wMin, wMax);
    float[] value = new float[OUT * in];
    float[] low = ones(groups);
    float[] high = ones(groups);
    var p =
        new FakeQuantKernel.Parameters(
            grid, OUT, in, weight, wMin, wMax, value, low, high, exact, 1f);

    FloatArray w = DeviceTesting.device(weight);
    FloatArray min = DeviceTesting.device(wMin);
    FloatArray max = DeviceTesting.device(wMax);
    FloatArray v = DeviceTesting.device(value);
    FloatArray a = DeviceTesting.device(low);
    FloatArray b = DeviceTesting.device(high);
    FloatArray s = DeviceTesting.device(new float[groups]);
    FloatArray z = DeviceTesting.device(new float[groups]);
    FloatArray quantized = DeviceTesting.device(new float[OUT * in]);
    int sym = symmetric ? 1 : 0;
    int half = type == DType.F16 ? 1 : 0;
    int ex = exact ? 1 : 0;
    int different = 0;
    for (int step = 0; step < STEPS; step++) {
      float[] scales = new float[groups];
      byte[] zeros = new byte[groups];
      float[] expected = new float[OUT * in];
      kernel.forward(p, 0, OUT, expected, null, scales, zeros);
      DeviceTesting.run(
          g ->
              g.task(
                  "k",
                  DeviceFakeQuant::forward,
                  w,
                  min,
                  max,
                  v,
                  a,
                  b,
                  s,
                  z,
                  quantized,
                  OUT,
                  in,
                  size,
                  bits,
                  sym,
                  half,
                  1f),
          w,
          min,
          max,
          v,
          a,
          b,
          s,
          z,
          quantized);
      for (int i = 0; i < expected.length; i++) {
        different += Math.abs(expected[i] - quantized.get(i)) > 1e-6 ? 1 : 0;
      }
      float[] gradient = DeviceTesting.floats(random, OUT * in, 1e-3f);
      FloatArray d = DeviceTesting.device(gradient);
      FloatArray rates = DeviceTesting.device(new float[] {0.01f / (step + 1), 0.02f / (step + 1)});
      kernel.signStep(p, 0, OUT, gradient, scales, zeros, rates.get(0), rates.get(1));
      DeviceTesting.run(
          g ->
              g.task(
                  "k",
                  DeviceFakeQuant::signStep,
                  d,
                  w,
                  min,
                  max,
                  v,
                  a,
                  b,
                  s,
                  z,
                  rates,
                  OUT,
                  in,
                  size,
                  bits,
                  sym,
                  half,
                  ex),
          d,
          w,
          min,
          max,
          v,
          a,
          b,
          s,
          z,
          rates);
    }
    // Sums in float may turn the sign of a gradient that is next to nothing.
    int allowed = STEPS * OUT * in / 500;
    int found = different;
    assertTrue(different <= allowed, () -> found + " weights differ, " + allowed + " may");
    DeviceTesting.assertClose(value, v, 0, 1e-6, "V");
  }

  @Test
  void roundingsAreTheDefinition() {
    Random random = new Random(5);
    for (int i = 0; i < 20000; i++) {
      float x = Math.scalb(random.nextFloat() * 2 - 1, random.nextInt(42) - 27);
      if (Math.abs(x) < 65504) {
        assertEquals(
            Float.float16ToFloat(Float.floatToFloat16(x)), DeviceNumbers.toHalf(x), "" + x);
      }
      float y = (random.nextInt(4001) - 2000) / (random.nextBoolean() ? 2f : 3f);
      // The sign of zero says nothing of codes.
      assertEquals((float) Math.rint(y) + 0f, DeviceNumbers.wholeToEven(y) + 0f, "" + y);
    }
  }

  /** Weights in 16 bits beside a scale of their own: halves are common, and their codes even. */
  @Test
  void halvesGoToTheEvenCode() {
    int in = 64;
    IntegerGrid grid = new IntegerGrid(4, in, true, DType.F16);
    Random random = new Random(4);
    float[] weight = new float[OUT * in];
    for (int i = 0; i < weight.length; i++) {
      // All multiples of a half of the scale, in steps that no float of two holds as a power.
      weight[i] = 0.0546875f * (random.nextInt(33) - 16) / 2;
    }
    for (int o = 0; o < OUT; o++) {
      weight[o * in] = 0.0546875f * -8;
    }
    float[] wMin = new float[OUT];
    float[] wMax = new float[OUT];
    FakeQuantKernel kernel = Backends.reference().fakeQuant();
    kernel.range(grid, 0, OUT, in, weight, wMin, wMax);
    var p = new FakeQuantKernel.Parameters(grid, OUT, in, weight, wMin, wMax, null, null, null);
    float[] expected = new float[weight.length];
    kernel.forward(p, 0, OUT, expected, null, new float[OUT], new byte[OUT]);
    FloatArray w = DeviceTesting.device(weight);
    FloatArray min = DeviceTesting.device(wMin);
    FloatArray max = DeviceTesting.device(wMax);
    FloatArray v = DeviceTesting.device(new float[weight.length]);
    FloatArray a = DeviceTesting.device(ones(OUT));
    FloatArray b = DeviceTesting.device(ones(OUT));
    FloatArray s = DeviceTesting.device(new float[OUT]);
    FloatArray z = DeviceTesting.device(new float[OUT]);
    FloatArray found = DeviceTesting.device(new float[weight.length]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceFakeQuant::forward,
                w,
                min,
                max,
                v,
                a,
                b,
                s,
                z,
                found,
                OUT,
                in,
                in,
                4,
                1,
                1,
                1f),
        w,
        min,
        max,
        v,
        a,
        b,
        s,
        z,
        found);
    DeviceTesting.assertClose(expected, found, 0, 0, "halves");
  }

  private static float[] ones(int n) {
    float[] ones = new float[n];
    java.util.Arrays.fill(ones, 1f);
    return ones;
  }
}
