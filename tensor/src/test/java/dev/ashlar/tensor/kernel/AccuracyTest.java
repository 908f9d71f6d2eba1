package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The stated error of each elementary function, in units in the last place of the exact result, on
 * floats spread evenly over all bit patterns of the range in question.
 */
class AccuracyTest {
  private static final int STRIDE = 257;
  private static final int PIECE = 4096;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private interface Floats {
    void compute(int n, float[] x, float[] y);
  }

  /** The largest error on magnitudes in [low, high], both signs, and where it is. */
  private static double worst(Floats found, DoubleUnaryOperator exact, float low, float high) {
    double worst = 0;
    for (float[] x : pieces(low, high)) {
      worst = Math.max(worst, worst(found, exact, x));
    }
    return worst;
  }

  /** Every 257th float of the range and its negative. */
  private static List<float[]> pieces(float low, float high) {
    List<float[]> pieces = new ArrayList<>();
    int bits = Float.floatToRawIntBits(low);
    int end = Float.floatToRawIntBits(high);
    while (bits <= end) {
      float[] x = new float[PIECE];
      for (int i = 0; i < PIECE; i += 2) {
        x[i] = Float.intBitsToFloat(Math.min(bits, end));
        x[i + 1] = -x[i];
        bits += STRIDE;
      }
      pieces.add(x);
    }
    return pieces;
  }

  private static double worst(Floats found, DoubleUnaryOperator exact, float[] x) {
    float[] y = new float[x.length];
    found.compute(x.length, x, y);
    double worst = 0;
    for (int i = 0; i < x.length; i++) {
      double expected = exact.applyAsDouble(x[i]);
      if (Math.abs(expected) >= Float.MIN_NORMAL && Math.abs(expected) <= Float.MAX_VALUE) {
        worst = Math.max(worst, Math.abs(y[i] - expected) / Math.ulp((float) expected));
      }
    }
    return worst;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void expIsWithinOneUlp(Backend backend) {
    double worst =
        worst((n, x, y) -> backend.elementwise().exp(n, x, 0, y, 0), Math::exp, 1e-10f, 88.7f);
    assertTrue(worst <= 1, "exp of " + backend.name() + ": " + worst + " ulp");
    float[] x = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 89f, -104f, 0f, -0f};
    float[] y = new float[x.length];
    backend.elementwise().exp(x.length, x, 0, y, 0);
    float[] expected = {Float.NaN, Float.POSITIVE_INFINITY, 0, Float.POSITIVE_INFINITY, 0, 1, 1};
    assertArrayEquals(expected, y);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void siluSigmoidAndTanhAreWithinTheirUlps(Backend backend) {
    for (Function f : new Function[] {Function.SILU, Function.SIGMOID, Function.TANH}) {
      double worst =
          worst(
              (n, x, y) -> backend.activation().forward(f, 0, n, x, y),
              v -> exact(f, v),
              1e-10f,
              80f);
      assertTrue(worst <= 2.5, f + " of " + backend.name() + ": " + worst + " ulp");
    }
  }

  private static double exact(Function f, double x) {
    return switch (f) {
      case SILU -> x / (1 + Math.exp(-x));
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
      default -> throw new IllegalArgumentException(f.toString());
    };
  }

  /** Their argument's own rounding is multiplied by its size, so the bound is not one of ulps. */
  @ParameterizedTest
  @MethodSource("backends")
  void gelusAreWithinTheirBound(Backend backend) {
    for (Function f : new Function[] {Function.GELU, Function.GELU_TANH, Function.QUICK_GELU}) {
      for (float[] x : pieces(1e-10f, 80f)) {
        float[] expected = new float[x.length];
        float[] found = new float[x.length];
        Backends.reference().activation().forward(f, 0, x.length, x, expected);
        backend.activation().forward(f, 0, x.length, x, found);
        KernelTesting.assertClose(expected, found, 3e-7, 1.2e-7, f.toString());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void softmaxIsWithinFourUlp(Backend backend) {
    Random random = new Random(41);
    for (int dim : new int[] {1, 16, 100, 576, 4096, 49152}) {
      float[] x = KernelTesting.floats(random, dim, 20f);
      float[] y = new float[dim];
      backend.softmax().forward(0, 1, dim, x, y);
      double max = Double.NEGATIVE_INFINITY;
      for (float v : x) {
        max = Math.max(max, v);
      }
      double sum = 0;
      for (float v : x) {
        sum += Math.exp(v - max);
      }
      for (int i = 0; i < dim; i++) {
        double expected = Math.exp(x[i] - max) / sum;
        // x − max is rounded, which exp turns into a relative error of half its last place.
        double rounded = expected * Math.ulp((float) (max - x[i])) / 2;
        double bound = 4 * Math.ulp((float) expected) + rounded;
        double error = Math.abs(y[i] - expected);
        assertTrue(error <= bound, "softmax over " + dim + " at " + i + ": " + error / bound);
      }
    }
  }
}
