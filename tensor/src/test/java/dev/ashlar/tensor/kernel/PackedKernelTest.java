package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.Groups.SuperBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packed products of every backend against the reference, around unit, group and lane borders. */
class PackedKernelTest {
  private static final int[] BITS = {2, 3, 4, 5, 6, 7, 8};
  private static final int[] GROUPS = {32, 64, 128, -1, 48, 7, 33};
  private static final int[] SIZES = {1, 5, 17, 64, 100, 192};
  private static final int[] ROWS = {1, 2, 3, 4, 5, 7, 16, 33};

  /** Which of the kernel's ways to keep scales and zero points a tensor calls for. */
  private enum Zeros {
    MIDDLE,
    RANDOM,
    EXTREME
  }

  private record Case(QuantizedMatrix weight, int m, float[] x) {
    static Case random(int out, int in, IntegerGrid scheme, Zeros zeros, int m, Random random) {
      int groups = scheme.groups(in);
      byte[] codes = new byte[out * in];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(scheme.maxCode() + 1);
      }
      float[] scales = new float[out * groups];
      byte[] points = new byte[out * groups];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = (random.nextFloat() - 0.4f) * 0.1f;
        if (scheme.symmetric() || random.nextBoolean()) {
          scales[i] = half(scales[i]);
        }
        points[i] =
            (byte)
                switch (zeros) {
                  case MIDDLE -> scheme.middle();
                  case RANDOM -> random.nextInt(scheme.maxCode() + 1);
                  case EXTREME -> random.nextBoolean() ? 0 : scheme.maxCode();
                };
      }
      QuantizedMatrix w = new QuantizedMatrix(out, in, scheme, codes, scales, points);
      return new Case(w, m, floats(random, m * in + 3));
    }

    float[] product(Backend backend, PackedMatrix packed) {
      float[] y = new float[m * weight.out() + 4];
      Arrays.fill(y, -7);
      backend.packed().multiply(m, x, 3, packed, y, 2);
      return y;
    }

    @Override
    public String toString() {
      return weight.out() + "x" + weight.in() + " " + weight.scheme() + " m=" + m;
    }
  }

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithTheReference(Backend backend) {
    Random random = new Random(1);
    for (int bits : BITS) {
      for (int group : GROUPS) {
        for (Zeros zeros : Zeros.values()) {
          IntegerGrid scheme = new IntegerGrid(bits, group, zeros == Zeros.MIDDLE);
          for (int m : ROWS) {
            int out = SIZES[random.nextInt(SIZES.length)];
            int in = SIZES[random.nextInt(SIZES.length)];
            check(backend, Case.random(out, in, scheme, zeros, m, random));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesOnLongRowsAndManyRowsOfActivations(Backend backend) {
    Random random = new Random(2);
    for (int bits : BITS) {
      IntegerGrid fine = new IntegerGrid(bits, 32, false);
      IntegerGrid whole = new IntegerGrid(bits, -1, true);
      check(backend, Case.random(40, 1300, fine, Zeros.RANDOM, 1, random));
      check(backend, Case.random(40, 1300, whole, Zeros.MIDDLE, 1, random));
      check(backend, Case.random(40, 1300, fine, Zeros.RANDOM, 3, random));
      check(backend, Case.random(40, 1300, whole, Zeros.MIDDLE, 8, random));
      check(backend, Case.random(33, 160, fine, Zeros.RANDOM, 259, random));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void followsTheGroupOfEachColumn(Backend backend) {
    Random random = new Random(3);
    for (int bits : BITS) {
      for (int m : ROWS) {
        Case c = Case.random(37, 130, new IntegerGrid(bits, 32, false), Zeros.RANDOM, m, random);
        QuantizedMatrix w = c.weight;
        int[] group = new int[w.in()];
        Arrays.setAll(group, k -> random.nextInt(w.groupsPerRow() - bits % 2));
        check(backend, new Case(w.withGroupOfColumn(group), m, c.x));
      }
    }
  }

  /**
   * Minimums that are float16, any float, an integer zero point in disguise, or zero; and scales in
   * two levels with a zero point, minimums in two levels, and super-blocks of two groups.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void agreesOnGroupsWithMinimums(Backend backend) {
    Random random = new Random(7);
    for (int bits : BITS) {
      for (int group : new int[] {16, 32}) {
        for (int form = 0; form < 7; form++) {
          for (int m : new int[] {1, 3, 7}) {
            checkMinimums(
                backend, affine(45, form < 4 ? 96 : 512, bits, group, form, random), m, random);
          }
        }
      }
    }
  }

  private static QuantizedMatrix affine(
      int out, int in, int bits, int group, int form, Random random) {
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    float[] scales = new float[out * in / group];
    float[] minimums = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = half((random.nextFloat() - 0.4f) * 0.1f);
      minimums[i] =
          switch (form) {
            case 0 -> half(random.nextFloat() - 0.5f);
            case 1 -> random.nextFloat() - 0.5f;
            case 2 -> -scales[i] * (1 << bits - 1);
            default -> 0;
          };
    }
    Groups groups =
        form < 4
            ? new Groups.Minimums(group, scales, minimums)
            : nested(out, in, group, form == 6 ? 2 : 256 / group, form, 1 << bits - 1, random);
    return new QuantizedMatrix(out, in, new Codes.Integers(bits, codes), groups);
  }

  private static Groups nested(
      int out, int in, int group, int perBlock, int form, int zero, Random random) {
    int groups = out * in / group;
    SuperBlocks.Offset offset =
        form == 4
            ? new SuperBlocks.Offset.ZeroPoint(zero)
            : new SuperBlocks.Offset.Below(multiples(groups, perBlock, 0, 64, random));
    return new SuperBlocks(group, perBlock, multiples(groups, perBlock, -128, 128, random), offset);
  }

  private static SuperBlocks.Multiples multiples(
      int groups, int perBlock, int from, int to, Random random) {
    float[] bases = new float[groups / perBlock];
    byte[] factors = new byte[groups];
    for (int i = 0; i < bases.length; i++) {
      bases[i] = half(random.nextFloat() * 0.01f);
    }
    for (int i = 0; i < groups; i++) {
      factors[i] = (byte) random.nextInt(from, to);
    }
    return new SuperBlocks.Multiples(bases, factors);
  }

  private static void checkMinimums(Backend backend, QuantizedMatrix w, int m, Random random) {
    float[] x = floats(random, m * w.in());
    float[] found = new float[m * w.out()];
    backend.packed().multiply(m, x, 0, backend.packed().pack(w), found, 0);
    float[] dense = w.dequantize().data();
    for (int r = 0; r < m; r++) {
      for (int o = 0; o < w.out(); o++) {
        double sum = 0;
        double bound = 1e-30;
        for (int k = 0; k < w.in(); k++) {
          int g = o * w.groupsPerRow() + w.group(k);
          double a = x[r * w.in() + k];
          sum += a * dense[o * w.in() + k];
          double size =
              Math.abs(w.groups().scale(g)) * (2 << w.codes().bits())
                  + Math.abs(w.groups().weight(g, 0));
          bound += 1e-6 * Math.abs(a) * size;
        }
        assertEquals(sum, found[r * w.out() + o], bound, w + ", m=" + m);
      }
    }
  }

  private static float half(float x) {
    return Float.float16ToFloat(Float.floatToFloat16(x));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void doesNotDependOnThreads(Backend backend) {
    Random random = new Random(4);
    for (int bits : new int[] {3, 4}) {
      for (int m : new int[] {1, 2, 9, 40}) {
        Case c = Case.random(700, 520, new IntegerGrid(bits, 64, false), Zeros.RANDOM, m, random);
        PackedMatrix packed = backend.packed().pack(c.weight);
        float[] one = Parallel.limited(1, () -> c.product(backend, packed));
        for (int threads = 2; threads <= 4; threads++) {
          float[] many = Parallel.limited(threads, () -> c.product(backend, packed));
          assertArrayEquals(one, many, c + " with " + threads + " threads");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void countsTheBytesItReads(Backend backend) {
    Random random = new Random(5);
    for (int bits : new int[] {2, 3, 4, 8}) {
      IntegerGrid scheme = new IntegerGrid(bits, 128, true);
      QuantizedMatrix w = Case.random(64, 256, scheme, Zeros.MIDDLE, 1, random).weight;
      PackedMatrix packed = backend.packed().pack(w);
      assertEquals(64, packed.out());
      assertEquals(256, packed.in());
      assertTrue(packed.byteSize() >= (64L * 256 * bits) / 8 + 4 * 64 * 2);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void refusesArraysThatAreTooShort(Backend backend) {
    IntegerGrid scheme = new IntegerGrid(4, 32, true);
    Case c = Case.random(40, 64, scheme, Zeros.MIDDLE, 2, new Random(6));
    PackedMatrix packed = backend.packed().pack(c.weight);
    assertThrows(
        RuntimeException.class,
        () -> backend.packed().multiply(3, c.x, 3, packed, new float[120], 0));
    assertThrows(
        RuntimeException.class,
        () -> backend.packed().multiply(2, c.x, 3, packed, new float[79], 0));
  }

  private static void check(Backend backend, Case c) {
    float[] expected =
        c.product(Backends.reference(), Backends.reference().packed().pack(c.weight));
    float[] found = c.product(backend, backend.packed().pack(c.weight));
    double[] bound = bounds(c);
    for (int i = 0; i < expected.length; i++) {
      boolean inside = i >= 2 && i < 2 + bound.length;
      assertEquals(
          expected[i],
          found[i],
          inside ? bound[i - 2] : 0,
          c + " at " + i + (inside ? " within " + bound[i - 2] : ""));
    }
  }

  /** Some roundings of the sum of magnitudes, codes counted from below zero as kernels may. */
  private static double[] bounds(Case c) {
    QuantizedMatrix w = c.weight;
    double[] bounds = new double[c.m * w.out()];
    for (int r = 0; r < c.m; r++) {
      for (int o = 0; o < w.out(); o++) {
        double sum = 0;
        for (int k = 0; k < w.in(); k++) {
          int g = o * w.groupsPerRow() + w.group(k);
          double code = 2 * w.scheme().maxCode() + (w.zeroPoints().zeros()[g] & 0xFF);
          sum += Math.abs(c.x[3 + r * w.in() + k] * w.groups().scale(g)) * code;
        }
        bounds[r * w.out() + o] = 1e-6 * sum + 1e-30;
      }
    }
    return bounds;
  }

  private static float[] floats(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    return x;
  }
}
