package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.Backends;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Gradients of norms, gates and matrices against the definition. */
class DeviceGradientsTest {
  private static final float EPS = 1e-5f;

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 7", "2, 64", "5, 257"})
  void gradientsOfNormsAreTheDefinition(int rows, int dim) {
    Random random = new Random(dim);
    float[] x = DeviceTesting.floats(random, rows * dim, 3);
    float[] w = DeviceTesting.floats(random, dim, 2);
    float[] dy = DeviceTesting.floats(random, rows * dim, 1);
    float[] before = DeviceTesting.floats(random, rows * dim, 1);
    float[] rstd = new float[rows];
    var norms = Backends.reference().norm();
    norms.rms(0, rows, dim, EPS, x, w, new float[rows * dim], rstd);
    FloatArray in = DeviceTesting.device(x);
    FloatArray weight = DeviceTesting.device(w);
    for (int keep = 0; keep <= 1; keep++) {
      int add = keep;
      float[] expected = before.clone();
      norms.rmsBackward(0, rows, dim, x, w, rstd, dy, expected, keep == 1, null);
      FloatArray d = DeviceTesting.device(dy);
      FloatArray found = DeviceTesting.device(before);
      DeviceTesting.run(
          g -> g.task("k", DeviceGradients::rms, in, weight, d, found, rows, dim, EPS, add),
          in,
          weight,
          d,
          found);
      DeviceTesting.assertClose(expected, found, 1e-4, 1e-5, "rms");
      if (keep == 0) {
        DeviceTesting.run(
            g -> g.task("k", DeviceGradients::rms, in, weight, d, d, rows, dim, EPS, add),
            in,
            weight,
            d);
        DeviceTesting.assertClose(expected, d, 1e-4, 1e-5, "rms in place");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Function.class)
  void gradientsOfActivationsAreTheDefinition(Function function) {
    int n = 1000;
    int f = function.ordinal();
    float[] x = DeviceTesting.floats(new Random(f), n, 12);
    float[] u = DeviceTesting.floats(new Random(f + 50), n, 2);
    float[] dy = DeviceTesting.floats(new Random(f + 90), n, 1);
    x[0] = 0;
    var definition = Backends.reference().activation();
    FloatArray gate = DeviceTesting.device(x);
    FloatArray up = DeviceTesting.device(u);
    FloatArray d = DeviceTesting.device(dy);

    float[] expected = new float[n];
    definition.backward(function, 0, n, x, dy, expected, false);
    FloatArray found = DeviceTesting.device(new float[n]);
    DeviceTesting.run(
        g -> g.task("k", DeviceGradients::activate, gate, d, found, n, f), gate, d, found);
    DeviceTesting.assertClose(expected, found, 2e-5, 4e-6, function.toString());

    float[] expectedUp = new float[n];
    definition.gatedBackward(function, 0, n, x, u, dy, expected, false, expectedUp, false);
    FloatArray foundUp = DeviceTesting.device(new float[n]);
    // In place, as the tuner has it.
    DeviceTesting.run(
        g -> g.task("k", DeviceGradients::gated, gate, up, d, d, foundUp, n, f),
        gate,
        up,
        d,
        foundUp);
    DeviceTesting.assertClose(expected, d, 2e-5, 8e-6, function + " gate");
    DeviceTesting.assertClose(expectedUp, foundUp, 1e-5, 4e-6, function + " up");
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 5, 7", "33, 40, 600"})
  void gradientsOfMatricesAreTheDefinition(int out, int in, int rows) {
    Random random = new Random(out);
    float[] dy = DeviceTesting.floats(random, rows * out, 1);
    float[] x = DeviceTesting.floats(random, rows * in, 1);
    float[] before = DeviceTesting.floats(random, out * in, 1);
    FloatArray a = DeviceTesting.device(dy);
    FloatArray b = DeviceTesting.device(x);
    int part = DeviceGradients.PART;
    for (int mode : new int[] {DeviceGradients.KEEP, DeviceGradients.WRITE, DeviceGradients.ADD}) {
      float[] expected = before.clone();
      if (mode != DeviceGradients.KEEP) {
        Backends.reference()
            .matMul()
            .xtw(out, in, rows, dy, 0, out, x, 0, in, expected, 0, in, mode == DeviceGradients.ADD);
      }
      FloatArray found = DeviceTesting.device(before);
      IntArray how = IntArray.fromArray(new int[] {mode});
      DeviceTesting.run(
          g -> g.task("k", DeviceGradients::weights, a, b, found, how, out, in, rows, part),
          a,
          b,
          found,
          how);
      DeviceTesting.assertClose(expected, found, 1e-5, 2e-5, "mode " + mode);
    }
  }

  @Test
  void sumsAreScaled() {
    float[] x = DeviceTesting.floats(new Random(1), 50, 2);
    FloatArray in = DeviceTesting.device(x);
    FloatArray y = DeviceTesting.device(new float[50]);
    DeviceTesting.run(g -> g.task("k", DeviceGradients::scaled, in, y, 50, 0.25f), in, y);
    for (int i = 0; i < x.length; i++) {
      x[i] *= 0.25f;
    }
    DeviceTesting.assertClose(x, y, 0, 0, "scaled");
  }
}
