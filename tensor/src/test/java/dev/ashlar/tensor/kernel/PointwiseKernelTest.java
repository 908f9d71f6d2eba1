package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.LENGTHS;
import static dev.ashlar.tensor.kernel.KernelTesting.assertClose;
import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Elementwise arithmetic, activations and rotations of every backend against the reference. */
class PointwiseKernelTest {
  private static final int OFF = 3;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void arithmeticIsTheSameBits(Backend backend) {
    Random random = new Random(31);
    ElementwiseKernel expected = Backends.reference().elementwise();
    ElementwiseKernel found = backend.elementwise();
    for (int n : LENGTHS) {
      float[] a = floats(random, n + 9, 3f);
      float[] b = floats(random, n + 9, 3f);
      float[] start = floats(random, n + 9, 3f);
      for (boolean add : new boolean[] {false, true}) {
        float[][] e = {start.clone(), start.clone(), start.clone(), start.clone()};
        float[][] f = {start.clone(), start.clone(), start.clone(), start.clone()};
        arithmetic(expected, n, a, b, e, add);
        arithmetic(found, n, a, b, f, add);
        for (int i = 0; i < e.length; i++) {
          assertArrayEquals(e[i], f[i], "operation " + i + " on " + n);
        }
      }
    }
  }

  private static void arithmetic(
      ElementwiseKernel k, int n, float[] a, float[] b, float[][] y, boolean add) {
    k.copy(n, a, OFF, y[0], 5, add);
    k.add(n, a, OFF, b, 1, y[1], 2);
    k.multiply(n, a, OFF, b, 1, y[2], 2, add);
    k.scale(n, 1.7f, a, OFF, y[3], 4, add);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void findsWhatIsNotFinite(Backend backend) {
    ElementwiseKernel k = backend.elementwise();
    for (int n : LENGTHS) {
      float[] x = floats(new Random(32), n + 2, 1e38f);
      assertTrue(k.allFinite(n, x, 1));
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, n / 2, n - 1}) {
          float[] y = x.clone();
          y[1 + at] = bad;
          assertFalse(k.allFinite(n, y, 1), bad + " at " + at + " of " + n);
        }
        float[] outside = x.clone();
        outside[0] = bad;
        outside[n + 1] = bad;
        assertTrue(k.allFinite(n, outside, 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void activationsAgreeWithTheReference(Backend backend) {
    Random random = new Random(33);
    for (Function f : Function.values()) {
      for (int n : LENGTHS) {
        activation(backend.activation(), f, n, floats(random, n + 5, 8f), random);
      }
      activation(backend.activation(), f, 2048, floats(random, 2053, 0.01f), random);
      float[] extremes = {
        0f, -0f, 1e-40f, -1e-40f, 1e-20f, -1e-20f, 20f, -20f, 90f, -90f, 200f, -200f, 1e6f, -1e6f,
        5f, -5f, 12f, -12f, 9.05f, 9.15f, 0.3466f, -0.3466f, 1e12f, -1e12f, 0f, 0f
      };
      activation(backend.activation(), f, extremes.length - 5, extremes, random);
    }
  }

  private static void activation(
      ActivationKernel found, Function f, int n, float[] x, Random random) {
    ActivationKernel expected = Backends.reference().activation();
    float[] up = floats(random, x.length, 1f);
    float[] dy = floats(random, x.length, 1f);
    float[] start = floats(random, x.length, 1f);
    String what = f + " on " + n;
    float[] e = start.clone();
    float[] g = start.clone();
    expected.forward(f, OFF, n, x, e);
    found.forward(f, OFF, n, x, g);
    assertClose(e, g, 1e-6, 1e-7, what);
    expected.gated(f, OFF, n, x, up, e);
    found.gated(f, OFF, n, x, up, g);
    assertClose(e, g, 1e-6, 1e-7, "gated " + what);
    for (boolean add : new boolean[] {false, true}) {
      e = start.clone();
      g = start.clone();
      expected.backward(f, OFF, n, x, dy, e, add);
      found.backward(f, OFF, n, x, dy, g, add);
      assertClose(e, g, 1e-6, 2e-6, "gradient of " + what);
      float[][] es = {start.clone(), start.clone()};
      float[][] gs = {start.clone(), start.clone()};
      expected.gatedBackward(f, OFF, n, x, up, dy, es[0], add, es[1], !add);
      found.gatedBackward(f, OFF, n, x, up, dy, gs[0], add, gs[1], !add);
      assertClose(es[0], gs[0], 1e-6, 2e-6, "gate's gradient of " + what);
      assertClose(es[1], gs[1], 1e-6, 2e-6, "up's gradient of " + what);
      float[] alone = start.clone();
      found.gatedBackward(f, OFF, n, x, up, dy, null, false, alone, !add);
      assertArrayEquals(gs[1], alone, what);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void activationBitsDoNotDependOnPlace(Backend backend) {
    float[] x = floats(new Random(34), 100, 6f);
    for (Function f : Function.values()) {
      float[] whole = new float[100];
      backend.activation().forward(f, 0, 100, x, whole);
      float[] pieces = new float[100];
      for (int i = 0; i < 100; i += 7) {
        backend.activation().forward(f, i, Math.min(7, 100 - i), x, pieces);
      }
      assertArrayEquals(whole, pieces, f.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void rotationsAgreeWithTheReference(Backend backend) {
    Random random = new Random(35);
    int[] positions = {4, 0, 9};
    for (int headDim : new int[] {2, 6, 16, 30, 32, 64, 80, 128}) {
      for (int rotaryDim : new int[] {headDim, headDim / 4 * 2}) {
        int size = 3 * 2 * headDim;
        float[] x = floats(random, size, 2f);
        float[] start = floats(random, size, 2f);
        float[] cos = floats(random, 10 * rotaryDim / 2, 1f);
        float[] sin = floats(random, 10 * rotaryDim / 2, 1f);
        for (int variant = 0; variant < 8; variant++) {
          boolean interleaved = (variant & 1) != 0;
          boolean inverse = (variant & 2) != 0;
          boolean add = (variant & 4) != 0;
          float[] e = start.clone();
          float[] g = start.clone();
          rotate(
              Backends.reference(),
              headDim,
              rotaryDim,
              interleaved,
              positions,
              cos,
              sin,
              inverse,
              x,
              e,
              add);
          rotate(backend, headDim, rotaryDim, interleaved, positions, cos, sin, inverse, x, g, add);
          assertClose(e, g, 1e-6, 1e-6, "heads of " + headDim + ", variant " + variant);
          if (!add) {
            float[] inPlace = x.clone();
            rotate(
                backend,
                headDim,
                rotaryDim,
                interleaved,
                positions,
                cos,
                sin,
                inverse,
                inPlace,
                inPlace,
                false);
            assertArrayEquals(g, inPlace, "in place");
          }
        }
      }
    }
  }

  private static void rotate(
      Backend b,
      int headDim,
      int rotaryDim,
      boolean interleaved,
      int[] positions,
      float[] cos,
      float[] sin,
      boolean inverse,
      float[] x,
      float[] y,
      boolean add) {
    for (int r = 0; r < 3; r++) {
      b.rotary()
          .rotate(
              r,
              r + 1,
              2,
              headDim,
              rotaryDim,
              interleaved,
              positions,
              cos,
              sin,
              inverse,
              x,
              y,
              add);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void overflowingSigmoidsAreZeroOrOne(Backend backend) {
    float[] x = {-1000f, 1000f, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY};
    float[] y = new float[4];
    backend.activation().forward(Function.SIGMOID, 0, 4, x, y);
    assertArrayEquals(new float[] {0, 1, 0, 1}, y);
    backend.activation().forward(Function.TANH, 0, 4, x, y);
    assertArrayEquals(new float[] {-1, 1, -1, 1}, y);
    float[] nan = {Float.NaN};
    for (Function f : Function.values()) {
      backend.activation().forward(f, 0, 1, nan, y);
      assertEquals(Float.NaN, y[0], f.toString());
    }
  }
}
