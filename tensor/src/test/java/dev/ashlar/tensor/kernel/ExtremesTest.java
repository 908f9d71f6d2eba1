package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values at the ends of the range: what the reference makes of them every backend does too. */
class ExtremesTest {
  private static final int[] SIZES = {1, 5, 16, 33, 70};
  private static final float[] SCALES = {Float.MIN_NORMAL, 1e-20f, 1f, 1e15f, 3e18f};

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  /** Relative to the largest, since sums cancel; infinities and NaN in the same places. */
  private static void same(float[] expected, float[] found, double relative, String what) {
    double largest = 0;
    for (float e : expected) {
      largest = Float.isFinite(e) ? Math.max(largest, Math.abs(e)) : largest;
    }
    for (int i = 0; i < expected.length; i++) {
      String place = what + " at " + i + ": expected " + expected[i] + ", found " + found[i];
      if (Float.isFinite(expected[i])) {
        double error = Math.abs((double) expected[i] - found[i]);
        assertTrue(error <= relative * largest + Float.MIN_NORMAL, place);
      } else {
        assertEquals(expected[i], found[i], place);
      }
    }
  }

  private static float[] product(Backend b, int n, float[] x, float[] w) {
    float[] y = new float[3 * n * n];
    b.matMul().xwt(n, n, n, x, 0, n, w, 0, n, y, 0, n, false);
    b.matMul().xw(n, n, n, x, 0, n, w, 0, n, y, n * n, n, false);
    b.matMul().xtw(n, n, n, x, 0, n, w, 0, n, y, 2 * n * n, n, false);
    return y;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void products(Backend backend) {
    Random random = new Random(51);
    for (int n : SIZES) {
      for (float scale : SCALES) {
        float[] x = KernelTesting.floats(random, n * n, scale);
        float[] w = KernelTesting.floats(random, n * n, scale);
        String what = n + " of " + scale;
        same(product(Backends.reference(), n, x, w), product(backend, n, x, w), 2e-6, what);
      }
      for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        float[] x = KernelTesting.floats(random, n * n, 1f);
        float[] w = KernelTesting.floats(random, n * n, 1f);
        x[random.nextInt(x.length)] = odd;
        String what = n + " with " + odd;
        same(product(Backends.reference(), n, x, w), product(backend, n, x, w), 2e-6, what);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void softmaxOfHugeEqualAndMaskedScores(Backend backend) {
    for (int n : SIZES) {
      float[][] rows = new float[4][n];
      Arrays.fill(rows[0], -3e38f);
      Arrays.fill(rows[1], 3e38f);
      Arrays.fill(rows[2], Float.NEGATIVE_INFINITY);
      rows[2][n / 2] = 0f;
      for (int i = 0; i < n; i++) {
        rows[3][i] = i % 2 == 0 ? 3e38f : -3e38f;
      }
      for (float[] x : rows) {
        float[] expected = new float[n];
        float[] found = new float[n];
        Backends.reference().softmax().forward(0, 1, n, x, expected);
        backend.softmax().forward(0, 1, n, x, found);
        same(expected, found, 1e-6, "softmax of " + n + " like " + x[0]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void normsOfTinyAndHugeRows(Backend backend) {
    Random random = new Random(52);
    for (int n : SIZES) {
      for (float scale : new float[] {0f, 1e-30f, 1e-15f, 1f, 1e15f, 1e18f}) {
        float[] x = KernelTesting.floats(random, n, scale);
        float[] w = KernelTesting.floats(random, n, 1f);
        String what = n + " of " + scale;
        same(norms(Backends.reference(), n, x, w), norms(backend, n, x, w), 1e-5, what);
      }
    }
  }

  private static float[] norms(Backend b, int n, float[] x, float[] w) {
    float[] y = new float[n];
    float[] z = new float[n];
    b.norm().rms(0, 1, n, 1e-5f, x, w, y, new float[1]);
    b.norm().layer(0, 1, n, 1e-5f, x, w, w, z, new float[1], new float[1]);
    float[] both = Arrays.copyOf(y, 2 * n);
    System.arraycopy(z, 0, both, n, n);
    return both;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void packedProductsOfExtremeScalesAndCodes(Backend backend) {
    for (int bits : new int[] {2, 3, 4, 5, 6, 8}) {
      for (int in : new int[] {32, 96, 160}) {
        IntegerGrid scheme = new IntegerGrid(bits, 32, false);
        int out = 64;
        for (int code : new int[] {0, scheme.maxCode()}) {
          byte[] codes = new byte[out * in];
          Arrays.fill(codes, (byte) code);
          float[] scales = new float[out * scheme.groups(in)];
          byte[] zeros = new byte[scales.length];
          for (int i = 0; i < scales.length; i++) {
            scales[i] =
                switch (i % 4) {
                  case 0 -> 65504f;
                  case 1 -> -65504f;
                  case 2 -> 0x1p-24f;
                  default -> -1e-5f;
                };
            zeros[i] = (byte) (i % 3 == 0 ? scheme.maxCode() : 0);
          }
          QuantizedMatrix w = new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
          for (float size : new float[] {1e-30f, 1f, 1e25f}) {
            float[] x = KernelTesting.floats(new Random(53), 5 * in, size);
            for (int rows : new int[] {1, 5}) {
              float[] expected = new float[rows * out];
              float[] found = new float[rows * out];
              PackedKernel reference = Backends.reference().packed();
              reference.multiply(rows, x, 0, reference.pack(w), expected, 0);
              backend.packed().multiply(rows, x, 0, backend.packed().pack(w), found, 0);
              same(expected, found, 3e-4, bits + " bits, " + in + ", code " + code);
            }
          }
        }
      }
    }
  }
}
