package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with matrices of 16-bit floats, on every backend, by the product with their floats. */
class HalfMatrixTest {
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {1, 3, 5},
    {1, 4, 32},
    {2, 7, 33},
    {3, 64, 100},
    {4, 130, 1024},
    {4, 9, 2100},
    {1, 300, 1057},
    {5, 65, 70},
    {8, 257, 64},
    {13, 70, 1300},
    {100, 33, 257},
    {3, 0, 8},
    {5, 7, 0},
    {2, 5, 0}
  };

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithTheProductOfItsFloats(Backend backend) {
    Random random = new Random(1);
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      for (int[] s : SHAPES) {
        HalfMatrix w = random(type, s[1], s[2], random);
        float[] x = floats(random, 3 + s[0] * s[2]);
        float[] expected = floats(random, 2 + s[0] * s[1] + 3);
        float[] found = expected.clone();
        float[] dense = w.toTensor().data();
        Backends.reference()
            .matMul()
            .xwt(s[0], s[1], s[2], x, 3, s[2], dense, 0, s[2], expected, 2, s[1], false);
        backend.matMul().xwt(s[0], x, 3, w, found, 2);
        // Each of the products and sums rounds once; operands are mostly below 2.
        double bound = 4e-7 * (s[2] + 2) * Math.max(1, Math.sqrt(s[2]) / 2);
        for (int i = 0; i < expected.length; i++) {
          String at = type + " " + s[0] + "x" + s[1] + "x" + s[2] + " at " + i;
          assertEquals(expected[i], found[i], bound, at);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void inputGradientsHaveTheBitsOfTheFloats(Backend backend) {
    Random random = new Random(4);
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      for (int[] s : SHAPES) {
        for (boolean add : new boolean[] {false, true}) {
          HalfMatrix w = random(type, s[1], s[2], random);
          float[] dy = floats(random, 3 + s[0] * s[1]);
          float[] expected = floats(random, 2 + s[0] * s[2] + 3);
          float[] found = expected.clone();
          float[] dense = w.toTensor().data();
          backend
              .matMul()
              .xw(s[0], s[2], s[1], dy, 3, s[1], dense, 0, s[2], expected, 2, s[2], add);
          backend.matMul().xw(s[0], dy, 3, w, found, 2, add);
          assertArrayEquals(expected, found, type + " " + s[0] + "x" + s[1] + "x" + s[2]);
        }
      }
    }
  }

  /** A row's product does not depend on what is multiplied beside it, as few rows go one way. */
  @ParameterizedTest
  @MethodSource("backends")
  void fewRowsAreMultipliedAsOneIs(Backend backend) {
    Random random = new Random(3);
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      HalfMatrix w = random(type, 37, 131, random);
      float[] x = floats(random, 3 * 131);
      float[] all = new float[3 * 37];
      backend.matMul().xwt(3, x, 0, w, all, 0);
      for (int i = 0; i < 3; i++) {
        float[] one = new float[37];
        backend.matMul().xwt(1, x, i * 131, w, one, 0);
        assertArrayEquals(one, Arrays.copyOfRange(all, i * 37, (i + 1) * 37), type.name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void doesNotDependOnThreadsOrTheCompiler(Backend backend) {
    Random random = new Random(2);
    for (int m : new int[] {1, 3, 9}) {
      HalfMatrix w = random(m == 3 ? DType.F16 : DType.BF16, 301, 700, random);
      float[] x = floats(random, m * 700);
      float[] first = new float[m * 301];
      backend.matMul().xwt(m, x, 0, w, first, 0);
      for (int i = 0; i < 60; i++) {
        float[] y = new float[first.length];
        Parallel.limited(
            1 + i % 4,
            () -> {
              backend.matMul().xwt(m, x, 0, w, y, 0);
              return null;
            });
        assertArrayEquals(first, y, "call " + i);
      }
    }
  }

  /** All 65,536 patterns keep their value through a product with one. */
  @ParameterizedTest
  @MethodSource("backends")
  void everyPatternIsItsValue(Backend backend) {
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      short[] bits = new short[1 << 16];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = (short) i;
      }
      HalfMatrix w = new HalfMatrix(type, bits.length, 1, bits);
      float[] y = new float[bits.length];
      backend.matMul().xwt(1, new float[] {1}, 0, w, y, 0);
      for (int i = 0; i < y.length; i++) {
        // The sum begins at zero, which takes the sign of a negative zero.
        assertEquals(w.value(i) + 0f, y[i], type + " " + i);
      }
    }
  }

  @Test
  void findsWhatIsNotFinite() {
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      for (int i = 0; i < 1 << 16; i++) {
        HalfMatrix w = new HalfMatrix(type, 1, 2, new short[] {1, (short) i});
        assertEquals(Float.isFinite(w.value(1)), w.isFinite(), type + " " + i);
      }
    }
    assertTrue(new HalfMatrix(DType.F16, 0, 3, new short[0]).isFinite());
    assertFalse(new HalfMatrix(DType.F16, 1, 1, new short[] {0x7C00}).isFinite());
  }

  @Test
  void refusesOtherTypesAndSizes() {
    assertThrows(
        IllegalArgumentException.class, () -> new HalfMatrix(DType.F32, 1, 1, new short[1]));
    assertThrows(
        IllegalArgumentException.class, () -> new HalfMatrix(DType.F16, 2, 2, new short[3]));
  }

  private static HalfMatrix random(DType type, int out, int in, Random random) {
    short[] bits = new short[out * in];
    for (int i = 0; i < bits.length; i++) {
      float v = (float) random.nextGaussian() * (i % 7 == 0 ? 1e-6f : 1);
      bits[i] =
          type == DType.F16 ? Float.floatToFloat16(v) : (short) (Float.floatToRawIntBits(v) >>> 16);
    }
    return new HalfMatrix(type, out, in, bits);
  }

  private static float[] floats(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    return x;
  }
}
