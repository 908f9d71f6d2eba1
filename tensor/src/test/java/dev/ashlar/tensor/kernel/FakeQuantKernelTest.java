package dev.ashlar.tensor.kernel;

import static dev.ashlar.tensor.kernel.KernelTesting.assertClose;
import static dev.ashlar.tensor.kernel.KernelTesting.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.FakeQuantKernel.Parameters;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fake quantizers of every backend against the reference: codes and steps to the bit. */
class FakeQuantKernelTest {
  private static final FakeQuantKernel REFERENCE = Backends.reference().fakeQuant();

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  /** A matrix with one group of zeros, one tiny, and one huge. */
  private record Case(IntegerGrid scheme, int out, int in, boolean exact, boolean trained) {
    Parameters parameters(Random random) {
      float[] w = floats(random, out * in, 0.1f);
      int size = scheme.effectiveGroup(in);
      for (int i = 0; i < Math.min(size, w.length); i++) {
        w[i] = 0;
      }
      for (int i = in; out > 2 && i < 2 * in; i++) {
        w[i] *= 1e-7f;
        w[i + in] *= 1e5f;
      }
      int groups = scheme.groups(in) * out;
      float[] min = new float[groups];
      float[] max = new float[groups];
      REFERENCE.range(scheme, 0, out, in, w, min, max);
      float[] v = trained ? floats(random, out * in, 0.5f) : null;
      float[] alpha = trained ? floats(random, groups, 1.2f) : null;
      float[] beta = trained ? floats(random, groups, 1.2f) : null;
      return new Parameters(scheme, out, in, w, min, max, v, alpha, beta, exact, 1);
    }

    int groups() {
      return scheme.groups(in) * out;
    }
  }

  private static Parameters copy(Parameters p) {
    return new Parameters(
        p.scheme(),
        p.out(),
        p.in(),
        p.weight(),
        p.wMin(),
        p.wMax(),
        p.value() == null ? null : p.value().clone(),
        p.minScale() == null ? null : p.minScale().clone(),
        p.maxScale() == null ? null : p.maxScale().clone(),
        p.exact(),
        p.bound());
  }

  private static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (boolean symmetric : new boolean[] {false, true}) {
        for (boolean other : new boolean[] {false, true}) {
          DType type = other ? DType.F32 : DType.F16;
          all.add(new Case(new IntegerGrid(bits, 32, symmetric, type), 5, 100, other, true));
          all.add(new Case(new IntegerGrid(bits, 17, symmetric, type), 4, 65, !other, true));
        }
        all.add(new Case(new IntegerGrid(bits, -1, symmetric), 3, 257, true, true));
        all.add(new Case(new IntegerGrid(bits, 128, symmetric), 3, 257, true, false));
        all.add(new Case(new IntegerGrid(bits, 1, symmetric), 3, 3, false, true));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void rangesAndCodesAreTheSameBits(Backend backend) {
    Random random = new Random(21);
    for (Case c : cases()) {
      Parameters p = c.parameters(random);
      float[] min = new float[c.groups()];
      float[] max = new float[c.groups()];
      backend.fakeQuant().range(c.scheme, 0, c.out, c.in, p.weight(), min, max);
      for (int i = 0; i < min.length; i++) {
        assertEquals(p.wMin()[i], min[i] + 0f, c.toString());
        assertEquals(p.wMax()[i], max[i], c.toString());
      }
      Forward expected = Forward.run(REFERENCE, copy(p), c);
      Forward found = Forward.run(backend.fakeQuant(), copy(p), c);
      assertArrayEquals(expected.scales, found.scales, c.toString());
      assertArrayEquals(expected.zeros, found.zeros, c.toString());
      assertArrayEquals(expected.codes, found.codes, c.toString());
      for (int i = 0; i < c.out * c.in; i++) {
        // Zeros may differ in sign.
        assertEquals(expected.quantized[i] + 0f, found.quantized[i] + 0f, c + " at " + i);
      }
    }
  }

  private record Forward(float[] quantized, byte[] codes, float[] scales, byte[] zeros) {
    static Forward run(FakeQuantKernel kernel, Parameters p, Case c) {
      Forward f =
          new Forward(
              new float[c.out * c.in],
              new byte[c.out * c.in],
              new float[c.groups()],
              new byte[c.groups()]);
      int middle = c.out / 2;
      kernel.forward(p, 0, middle, f.quantized, f.codes, f.scales, f.zeros);
      kernel.forward(p, middle, c.out, f.quantized, f.codes, f.scales, f.zeros);
      return f;
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gradientsAgreeWithTheReference(Backend backend) {
    Random random = new Random(22);
    for (Case c : cases()) {
      Parameters p = c.parameters(random);
      Forward f = Forward.run(REFERENCE, p, c);
      float[] gradient = floats(random, c.out * c.in, 1f);
      float[][] expected = backward(REFERENCE, p, c, f, gradient);
      float[][] found = backward(backend.fakeQuant(), p, c, f, gradient);
      assertArrayEquals(expected[0], found[0], "V of " + c);
      for (int i = 1; i < 3; i++) {
        assertClose(expected[i], found[i], 1e-6, 1e-9, "multipliers of " + c);
      }
    }
  }

  private static float[][] backward(
      FakeQuantKernel kernel, Parameters p, Case c, Forward f, float[] gradient) {
    float[][] d = {new float[c.out * c.in], new float[c.groups()], new float[c.groups()]};
    kernel.backward(p, 0, c.out, gradient, f.scales, f.zeros, d[0], d[1], d[2]);
    return d;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void signStepsAreTheSameBits(Backend backend) {
    Random random = new Random(23);
    for (Case c : cases()) {
      Parameters p = c.parameters(random);
      Forward f = Forward.run(REFERENCE, p, c);
      float[] gradient = floats(random, c.out * c.in, 1f);
      for (int i = 0; i < gradient.length; i += 3) {
        gradient[i] = 0f;
      }
      float[][] d = backward(REFERENCE, p, c, f, gradient);
      Parameters expected = copy(p);
      Parameters found = copy(p);
      REFERENCE.signStep(expected, 0, c.out, gradient, f.scales, f.zeros, 0.005f, 0.01f);
      backend.fakeQuant().signStep(found, 0, c.out, gradient, f.scales, f.zeros, 0.005f, 0.01f);
      if (!c.trained) {
        continue;
      }
      assertArrayEquals(expected.value(), found.value(), c.toString());
      // Where the exact sum is next to nothing its sign is anybody's.
      assertSteps(d[1], expected.minScale(), found.minScale(), c);
      assertSteps(d[2], expected.maxScale(), found.maxScale(), c);
    }
  }

  private static void assertSteps(float[] d, float[] expected, float[] found, Case c) {
    for (int i = 0; i < d.length; i++) {
      int at = i;
      assertTrue(
          expected[i] == found[i] || Math.abs(d[i]) < 1e-7, () -> c + " group " + at + " " + d[at]);
    }
  }
}
