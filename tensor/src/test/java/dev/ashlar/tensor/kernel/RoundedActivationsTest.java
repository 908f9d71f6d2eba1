package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link ActivationPrecision#INT8} in every backend against the reference, and against its stated
 * error.
 */
class RoundedActivationsTest {
  private static final int[] GROUPS = {32, 64, 128, -1, 48, 7, 33};
  private static final int[] OUTS = {1, 17, 33, 64, 70};
  private static final int[] INS = {1, 5, 17, 64, 100, 192, 330};
  private static final int PROMPT = 33;

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private static QuantizedMatrix random(
      int out, int in, int bits, int group, boolean mixed, Random random) {
    IntegerGrid scheme = new IntegerGrid(bits, group, random.nextBoolean());
    int groups = scheme.groups(in);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(scheme.maxCode() + 1);
    }
    float[] scales = new float[out * groups];
    byte[] zeros = new byte[out * groups];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (random.nextFloat() - 0.4f) * 0.1f;
      zeros[i] = (byte) (scheme.symmetric() ? scheme.middle() : random.nextInt(1 << bits));
    }
    int[] groupOfColumn = new int[in];
    Arrays.setAll(groupOfColumn, k -> random.nextInt(groups));
    return mixed
        ? new QuantizedMatrix(out, in, scheme, codes, scales, zeros)
            .withGroupOfColumn(groupOfColumn)
        : new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  private static QuantizedMatrix minimums(int out, int in, int bits, int group, Random random) {
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    float[] scales = KernelTesting.floats(random, out * in / group, 0.1f);
    float[] minimums = KernelTesting.floats(random, scales.length, 0.5f);
    return new QuantizedMatrix(
        out, in, new Codes.Integers(bits, codes), new Groups.Minimums(group, scales, minimums));
  }

  private static float[] product(
      Backend backend, QuantizedMatrix w, int m, float[] x, ActivationPrecision activations) {
    return product(backend, backend.packed().pack(w), m, x, activations);
  }

  private static float[] product(
      Backend backend, PackedMatrix w, int m, float[] x, ActivationPrecision activations) {
    float[] from = new float[m * w.in() + 3];
    System.arraycopy(x, 0, from, 3, m * w.in());
    float[] kept = from.clone();
    float[] y = new float[m * w.out() + 4];
    Arrays.fill(y, -7);
    backend.packed().multiply(m, from, 3, w, activations, y, 2);
    assertArrayEquals(kept, from, "activations are the caller's");
    assertArrayEquals(new float[] {-7, -7}, Arrays.copyOf(y, 2), "in front of the result");
    assertEquals(-7, y[y.length - 1], "behind the result");
    return Arrays.copyOfRange(y, 2, 2 + m * w.out());
  }

  /** Some float roundings of the sum of magnitudes. */
  private static double bound(QuantizedMatrix w, float[] x, int r, int o) {
    double sum = 0;
    for (int k = 0; k < w.in(); k++) {
      int g = o * w.groupsPerRow() + w.group(k);
      double code = w.scheme().maxCode() + (w.zeroPoints().zeros()[g] & 0xFF);
      sum += 1.5e-6 * Math.abs((double) x[r * w.in() + k] * w.groups().scale(g)) * code;
    }
    return sum + 1e-37;
  }

  private static void check(Backend backend, QuantizedMatrix w, int m, float[] x, String what) {
    float[] expected = product(Backends.reference(), w, m, x, ActivationPrecision.INT8);
    float[] found = product(backend, w, m, x, ActivationPrecision.INT8);
    for (int i = 0; i < expected.length; i++) {
      String at = what + " [" + w.out() + ", " + w.in() + "] " + w.scheme() + " m=" + m + " " + i;
      double bound = bound(w, x, i / w.out(), i % w.out());
      assertEquals(expected[i], found[i], Double.isNaN(bound) ? 0 : bound, at);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithTheReference(Backend backend) {
    Random random = new Random(1);
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (int group : GROUPS) {
        for (int m = 1; m <= 14; m++) {
          int out = OUTS[random.nextInt(OUTS.length)];
          int in = INS[random.nextInt(INS.length)];
          int rows = m == 14 ? PROMPT : m;
          QuantizedMatrix w = random(out, in, bits, group, m % 3 == 0, random);
          check(backend, w, rows, KernelTesting.floats(random, rows * in, 1), "random");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesOnGroupsWithMinimums(Backend backend) {
    Random random = new Random(2);
    for (int bits : new int[] {2, 4}) {
      for (int m : new int[] {1, 3, PROMPT}) {
        QuantizedMatrix w = minimums(45, 224, bits, 32, random);
        float[] x = KernelTesting.floats(random, m * w.in(), 2);
        Backend definition = Backends.reference();
        float[] expected =
            product(definition, definition.packed().pack(w), m, x, ActivationPrecision.INT8);
        float[] found = product(backend, backend.packed().pack(w), m, x, ActivationPrecision.INT8);
        KernelTesting.assertClose(expected, found, 0, 1e-3, bits + " bits, m=" + m);
      }
    }
  }

  /** Full codes and full activations: the sums of integers are as large as they get. */
  @ParameterizedTest
  @MethodSource("backends")
  void largestSumsAreExact(Backend backend) {
    for (int bits : new int[] {2, 4}) {
      int in = 2048;
      IntegerGrid scheme = new IntegerGrid(bits, -1, true);
      byte[] codes = new byte[33 * in];
      Arrays.fill(codes, (byte) scheme.maxCode());
      float[] scales = new float[33];
      Arrays.fill(scales, 1);
      byte[] zeros = new byte[33];
      Arrays.fill(zeros, (byte) scheme.middle());
      QuantizedMatrix w = new QuantizedMatrix(33, in, scheme, codes, scales, zeros);
      for (int sign : new int[] {-1, 1}) {
        float[] x = new float[in];
        Arrays.fill(x, 127 * sign);
        float[] y = product(backend, w, 1, x, ActivationPrecision.INT8);
        float expected = 127f * sign * in * (scheme.maxCode() - scheme.middle());
        for (float v : y) {
          assertEquals(expected, v);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void zerosAndExtremesAreRoundedLikeAnyOther(Backend backend) {
    Random random = new Random(3);
    for (int bits : new int[] {2, 4}) {
      for (float size : new float[] {0, 1e-44f, 1e-36f, 4e-35f, 1e-30f, 1e30f}) {
        for (int m : new int[] {1, 2, 5, PROMPT}) {
          QuantizedMatrix w = random(40, 200, bits, 64, false, random);
          float[] x = KernelTesting.floats(random, m * w.in(), size);
          check(backend, w, m, x, "of size " + size);
          // One group of each row that is all zeros beside others that are not.
          for (int r = 0; r < m; r++) {
            Arrays.fill(x, r * w.in() + 64, r * w.in() + 128, r % 2 == 0 ? 0f : -0f);
          }
          check(backend, w, m, x, "with zeros beside " + size);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void whatIsNotFiniteMakesItsRowNan(Backend backend) {
    Random random = new Random(4);
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int m : new int[] {2, 6, PROMPT}) {
        for (int place : new int[] {0, 63, 64, 129}) {
          QuantizedMatrix w = random(35, 130, 4, 64, false, random);
          float[] x = KernelTesting.floats(random, m * w.in(), 1);
          x[w.in() + place] = bad;
          float[] y = product(backend, w, m, x, ActivationPrecision.INT8);
          for (int i = 0; i < y.length; i++) {
            assertEquals(i / w.out() == 1, Float.isNaN(y[i]), bad + " at " + place + ": " + i);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void otherWidthsTakeFloats(Backend backend) {
    Random random = new Random(5);
    for (int bits : new int[] {3, 5, 6, 7, 8}) {
      for (int group : new int[] {8, 64}) {
        for (int m : new int[] {1, 4, PROMPT}) {
          QuantizedMatrix w = random(40, 96, bits, group, false, random);
          float[] x = KernelTesting.floats(random, m * w.in(), 1);
          assertArrayEquals(
              product(backend, w, m, x, ActivationPrecision.FLOAT),
              product(backend, w, m, x, ActivationPrecision.INT8));
        }
      }
    }
  }

  /** Sums of integers have no order, so neither threads nor rows beside change a bit. */
  @ParameterizedTest
  @MethodSource("backends")
  void dependsNeitherOnThreadsNorOnOtherRows(Backend backend) {
    Random random = new Random(6);
    for (int bits : new int[] {2, 4}) {
      QuantizedMatrix w = random(700, 520, bits, 64, false, random);
      PackedMatrix packed = backend.packed().pack(w);
      for (int m : new int[] {1, 3, 12, PROMPT}) {
        float[] x = KernelTesting.floats(random, m * w.in(), 1);
        float[] one =
            Parallel.limited(1, () -> product(backend, packed, m, x, ActivationPrecision.INT8));
        for (int threads : new int[] {2, 7}) {
          float[] many =
              Parallel.limited(
                  threads, () -> product(backend, packed, m, x, ActivationPrecision.INT8));
          assertArrayEquals(one, many, bits + " bits, m=" + m + ", " + threads + " threads");
        }
        for (int r = 0; r < m && m < PROMPT; r++) {
          float[] row = Arrays.copyOfRange(x, r * w.in(), (r + 1) * w.in());
          float[] alone = product(backend, packed, 1, row, ActivationPrecision.INT8);
          assertArrayEquals(Arrays.copyOfRange(one, r * w.out(), (r + 1) * w.out()), alone);
        }
      }
    }
  }

  /** The error that {@link ActivationPrecision#INT8} states. */
  @ParameterizedTest
  @MethodSource("backends")
  void errorIsHalfAStepOfEachGroupAtMost(Backend backend) {
    Random random = new Random(7);
    for (int bits : new int[] {2, 4}) {
      for (int m : new int[] {1, PROMPT}) {
        QuantizedMatrix w = random(64, 512, bits, 128, false, random);
        float[] x = KernelTesting.floats(random, m * w.in(), 3);
        float[] exact = product(Backends.reference(), w, m, x, ActivationPrecision.FLOAT);
        float[] found = product(backend, w, m, x, ActivationPrecision.INT8);
        float[] dense = w.dequantize().data();
        for (int i = 0; i < found.length; i++) {
          int r = i / w.out();
          int o = i % w.out();
          double bound = bound(w, x, r, o);
          for (int k = 0; k < w.in(); k++) {
            bound += step(x, r * w.in() + k / 128 * 128) / 2 * Math.abs(dense[o * w.in() + k]);
          }
          assertEquals(exact[i], found[i], bound, bits + " bits, m=" + m + ", " + i);
        }
      }
    }
  }

  private static double step(float[] x, int from) {
    double largest = 0;
    for (int k = from; k < from + 128; k++) {
      largest = Math.max(largest, Math.abs(x[k]));
    }
    return largest / ActivationPrecision.MAX_CODE;
  }

  /** By hand: the largest is 127 steps, and ties go to the even code. */
  @Test
  void definitionRoundsToNearestEven() {
    IntegerGrid scheme = new IntegerGrid(4, 4, true);
    byte[] codes = {9, 9, 9, 9};
    QuantizedMatrix w = new QuantizedMatrix(1, 4, scheme, codes, new float[] {1}, new byte[] {8});
    float[] x = {254, 1, 3, -5.1f};
    float[] y = product(Backends.reference(), w, 1, x, ActivationPrecision.INT8);
    assertEquals(254 + 0 + 4 - 6, y[0]);
    assertTrue(ActivationPrecision.INT8.rounds(4, 4) && !ActivationPrecision.INT8.rounds(3, 4));
  }
}
