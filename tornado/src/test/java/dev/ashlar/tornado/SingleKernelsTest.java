package dev.ashlar.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.device.DeviceKernels;
import dev.ashlar.nn.device.DeviceKernels.Attention;
import dev.ashlar.nn.device.DeviceKernels.Layout;
import dev.ashlar.nn.device.DeviceKernels.Work;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tornado.runner.SingleKernels;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each kernel that can be had by itself against the reference, with groups and without. */
class SingleKernelsTest {
  private static final Backend REFERENCE = Backends.reference();

  static Stream<DeviceKernels> kernels() {
    return Stream.of(
        new SingleKernels(false, GuardedWork::new), new SingleKernels(true, GuardedWork::new));
  }

  private static float[] floats(int seed, int n) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    return x;
  }

  /** The result of one run, and of a second, which must find the operands where they are. */
  private static float[] result(Work work) {
    try (work) {
      assertThrows(IllegalStateException.class, work::result);
      work.run();
      assertTrue(work.nanosToDevice() >= 0);
      float[] once = work.result().values();
      work.run();
      assertTrue(work.result().nanos() >= 0);
      assertArrayEquals(once, work.result().values());
      return once;
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void productsAreTheDefinition(DeviceKernels kernels) {
    int m = 18;
    int n = 21;
    int k = 37;
    float[] a = floats(1, m * k);
    float[] b = floats(2, n * k);
    float[] expected = new float[m * n];
    REFERENCE.matMul().xwt(m, n, k, a, 0, k, b, 0, k, expected, 0, n, false);
    assertArrayEquals(expected, result(kernels.product(Layout.XWT, m, n, k, a, b)), 1e-5f);
    REFERENCE.matMul().xw(m, n, k, a, 0, k, b, 0, n, expected, 0, n, false);
    assertArrayEquals(expected, result(kernels.product(Layout.XW, m, n, k, a, b)), 1e-5f);
    REFERENCE.matMul().xtw(m, n, k, a, 0, m, b, 0, n, expected, 0, n, false);
    assertArrayEquals(expected, result(kernels.product(Layout.XTW, m, n, k, a, b)), 1e-5f);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void packedProductsAreTheDefinition(int bits) {
    int out = 19;
    int in = 64;
    int rows = 3;
    IntegerGrid grid = new IntegerGrid(bits, 32, false);
    Random random = new Random(bits);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * 2];
    float[] scales = floats(3, out * 2);
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (byte) random.nextInt(1 << bits);
      scales[i] /= 1 << bits;
    }
    QuantizedMatrix w = new QuantizedMatrix(out, in, grid, codes, scales, zeros);
    float[] x = floats(4, rows * in);
    float[] expected = new float[rows * out];
    REFERENCE.packed().multiply(rows, x, 0, REFERENCE.packed().pack(w), expected, 0);
    kernels()
        .forEach(k -> assertArrayEquals(expected, result(k.packed(w, rows, x)), 2e-4f, "" + bits));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void attentionIsTheDefinition(DeviceKernels kernels) {
    int keys = 128;
    for (int queries : new int[] {1, 5}) {
      int n = 2;
      float[] q = floats(5, n * queries * 4 * 8);
      float[] k = floats(6, n * keys * 2 * 8);
      float[] v = floats(7, n * keys * 2 * 8);
      float[] expected = new float[q.length];
      var spec =
          AttentionKernel.Spec.plain(AttentionRanges.dense(n, queries, keys), 4, 2, 8, 8, 0.3f);
      var dense = new KvRows.Dense(k, keys, 2, 8);
      REFERENCE
          .attention()
          .forward(spec, q, dense, new KvRows.Dense(v, keys, 2, 8), expected, null);
      Attention sizes = new Attention(n, queries, keys, 4, 2, 8, 0.3f);
      assertArrayEquals(expected, result(kernels.attention(sizes, q, k, v)), 1e-5f);
    }
    Attention odd = new Attention(1, 1, 65, 4, 2, 8, 0.3f);
    assertTrue(
        assertThrows(DeviceException.class, () -> kernels.attention(odd, null, null, null))
            .getMessage()
            .contains("pages of 64"));
  }

  @Test
  void quantizerAndStepAreTheDefinition() {
    DeviceKernels kernels = new SingleKernels(false, GuardedWork::new);
    int out = 6;
    int in = 64;
    IntegerGrid grid = new IntegerGrid(4, 32, false);
    float[] w = floats(8, out * in);
    FakeQuantKernel reference = REFERENCE.fakeQuant();
    float[] min = new float[out * 2];
    float[] max = new float[out * 2];
    reference.range(grid, 0, out, in, w, min, max);
    float[] ones = new float[out * 2];
    Arrays.fill(ones, 1f);
    var p =
        new FakeQuantKernel.Parameters(
            grid, out, in, w, min, max, new float[w.length], ones, ones.clone());
    float[] expected = new float[w.length];
    float[] scales = new float[out * 2];
    byte[] zeros = new byte[out * 2];
    reference.forward(p, 0, out, expected, null, scales, zeros);
    assertArrayEquals(expected, result(kernels.fakeQuantize(p)), 1e-6f);

    float[] gradient = floats(9, w.length);
    try (Work step = kernels.signStep(p, gradient, scales, zeros, 0.01f)) {
      step.run();
      float[] found = step.result().values();
      reference.signStep(p, 0, out, gradient, scales, zeros, 0.01f, 0.01f);
      assertArrayEquals(p.value(), found, 1e-6f);
      step.run();
      assertTrue(!Arrays.equals(found, step.result().values()), "a second step is another one");
    }
  }

  @Test
  void ceilingsComputeWhatTheySay() {
    DeviceKernels kernels = new SingleKernels(false, GuardedWork::new);
    float[] x = floats(10, 1000);
    assertArrayEquals(x, result(kernels.copy(x)));
    float[] sums = result(kernels.multiplyAdds(3, 2));
    for (int i = 0; i < 3; i++) {
      double expected = 0;
      for (int c = 0; c < DeviceKernels.CHAINS; c++) {
        double v = i + c;
        v = v * 0.999 + 0.001;
        v = v * 0.999 + 0.001;
        expected += v;
      }
      assertEquals(expected, sums[i], 1e-4);
    }
  }
}
