package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.FloatFormat;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with sparse outliers and with codes of a table, held against the dense definition. */
class PackedOutliersTest {
  private static final int[] OUTS = {1, 5, 17, 33, 64, 70};
  private static final int[] INS = {1, 7, 64, 100, 192};
  private static final int[] ROWS = {1, 2, 3, 5, 12, 13, 33};

  static Iterable<Backend> backends() {
    return Backends.all();
  }

  private static QuantizedMatrix codes(int out, int in, int bits, Random random) {
    IntegerGrid scheme = new IntegerGrid(bits, 32, random.nextBoolean());
    int groups = out * scheme.groups(in);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    byte[] zeros = new byte[groups];
    for (int i = 0; i < groups; i++) {
      zeros[i] = (byte) (scheme.symmetric() ? scheme.middle() : random.nextInt(1 << bits));
    }
    float[] scales = KernelTesting.floats(random, groups, 0.1f);
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  /** Rows without any outlier, and rows full of them, are among these. */
  private static Outliers entries(int out, int in, Random random) {
    int[] start = new int[out + 1];
    int[] columns = new int[out * in];
    int n = 0;
    for (int o = 0; o < out; o++) {
      int share = o % 7 == 0 ? 1 : 1 + random.nextInt(2 * in);
      for (int k = o % 5 == 3 ? in : random.nextInt(share); k < in; k += share) {
        columns[n++] = k;
      }
      start[o + 1] = n;
    }
    return new Outliers.Entries(
        start, Arrays.copyOf(columns, n), KernelTesting.floats(random, n, 20));
  }

  private static Outliers columns(int out, int in, Random random) {
    TreeSet<Integer> places = new TreeSet<>();
    for (int i = 0; i < 1 + in / 20; i++) {
      places.add(random.nextInt(in));
    }
    int[] columns = places.stream().mapToInt(k -> k).toArray();
    return new Outliers.Columns(columns, KernelTesting.floats(random, out * columns.length, 20));
  }

  private static float[] product(
      Backend backend, PackedMatrix w, int m, float[] x, ActivationPrecision activations) {
    float[] y = new float[m * w.out() + 4];
    Arrays.fill(y, -7);
    float[] from = new float[m * w.in() + 3];
    System.arraycopy(x, 0, from, 3, m * w.in());
    backend.packed().multiply(m, from, 3, w, activations, y, 2);
    assertArrayEquals(new float[] {-7, -7}, Arrays.copyOf(y, 2), "in front of the result");
    assertEquals(-7, y[y.length - 1], "behind the result");
    return Arrays.copyOfRange(y, 2, 2 + m * w.out());
  }

  private static void check(Backend backend, QuantizedMatrix w, int m, Random random) {
    float[] x = KernelTesting.floats(random, m * w.in(), 1);
    float[] found = product(backend, backend.packed().pack(w), m, x, ActivationPrecision.FLOAT);
    float[] dense = w.dequantize().data();
    float[] plain = w.withOutliers(null).dequantize().data();
    for (int r = 0; r < m; r++) {
      for (int o = 0; o < w.out(); o++) {
        double sum = 0;
        double bound = 1e-30;
        for (int k = 0; k < w.in(); k++) {
          double a = x[r * w.in() + k];
          double scale = Math.abs(w.groups().scale(o * w.groupsPerRow() + w.group(k)));
          double outlier = dense[o * w.in() + k] - plain[o * w.in() + k];
          sum += a * dense[o * w.in() + k];
          bound += 1e-6 * Math.abs(a) * (scale * 1024 + 2 * Math.abs(outlier));
        }
        assertEquals(sum, found[r * w.out() + o], bound, backend.name() + " " + w + " m=" + m);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreeWithTheDenseMatrix(Backend backend) {
    Random random = new Random(1);
    for (int bits = 2; bits <= 8; bits++) {
      for (int m : ROWS) {
        for (int i = 0; i < 4; i++) {
          int out = OUTS[random.nextInt(OUTS.length)];
          int in = INS[random.nextInt(INS.length)];
          QuantizedMatrix w = codes(out, in, bits, random);
          check(backend, w.withOutliers(entries(out, in, random)), m, random);
          check(backend, w.withOutliers(columns(out, in, random)), m, random);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void goWithGroupsOfColumnsAndWithMinimums(Backend backend) {
    Random random = new Random(2);
    for (int m : ROWS) {
      QuantizedMatrix w = codes(37, 130, 4, random);
      int[] group = new int[130];
      Arrays.setAll(group, k -> random.nextInt(5));
      check(backend, w.withGroupOfColumn(group).withOutliers(entries(37, 130, random)), m, random);
      QuantizedMatrix minimums =
          new QuantizedMatrix(
              33,
              96,
              codes(33, 96, 3, random).codes(),
              new Groups.Minimums(
                  16,
                  KernelTesting.floats(random, 33 * 6, 0.1f),
                  KernelTesting.floats(random, 33 * 6, 0.5f)));
      check(backend, minimums.withOutliers(columns(33, 96, random)), m, random);
    }
  }

  /** Outliers multiply activations as they are: what they add is what they add to floats. */
  @ParameterizedTest
  @MethodSource("backends")
  void multiplyExactActivationsBesideRoundedOnes(Backend backend) {
    Random random = new Random(3);
    for (int bits : new int[] {2, 4}) {
      for (int m : ROWS) {
        QuantizedMatrix w = codes(45, 160, bits, random);
        float[] x = KernelTesting.floats(random, m * 160, 1);
        for (Outliers outliers :
            new Outliers[] {entries(45, 160, random), columns(45, 160, random)}) {
          PackedMatrix bare = backend.packed().pack(w);
          PackedMatrix full = backend.packed().pack(w.withOutliers(outliers));
          float[] rounded = product(backend, bare, m, x, ActivationPrecision.INT8);
          float[] found = product(backend, full, m, x, ActivationPrecision.INT8);
          for (int i = 0; i < found.length; i++) {
            double added = outliers.dot(i % 45, x, i / 45 * 160);
            assertEquals(rounded[i] + added, found[i], 1e-3, bits + " bits, m=" + m);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void dependNeitherOnThreadsNorOnOtherRows(Backend backend) {
    Random random = new Random(4);
    QuantizedMatrix w = codes(700, 520, 4, random);
    for (Outliers outliers :
        new Outliers[] {entries(700, 520, random), columns(700, 520, random)}) {
      PackedMatrix packed = backend.packed().pack(w.withOutliers(outliers));
      for (int m : new int[] {1, 3, 12, 40}) {
        for (ActivationPrecision activations : ActivationPrecision.values()) {
          float[] x = KernelTesting.floats(random, m * 520, 1);
          float[] one = Parallel.limited(1, () -> product(backend, packed, m, x, activations));
          for (int threads : new int[] {2, 5}) {
            float[] many =
                Parallel.limited(threads, () -> product(backend, packed, m, x, activations));
            assertArrayEquals(one, many, "m=" + m + ", " + threads + " threads");
          }
          for (int r = 0; r < m && m <= 12 && activations == ActivationPrecision.INT8; r++) {
            float[] row = Arrays.copyOfRange(x, r * 520, (r + 1) * 520);
            float[] alone = product(backend, packed, 1, row, activations);
            assertArrayEquals(Arrays.copyOfRange(one, r * 700, (r + 1) * 700), alone);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void countTheirBytes(Backend backend) {
    Random random = new Random(5);
    QuantizedMatrix w = codes(64, 192, 4, random);
    Outliers outliers = entries(64, 192, random);
    long bare = backend.packed().pack(w).byteSize();
    long full = backend.packed().pack(w.withOutliers(outliers)).byteSize();
    assertTrue(full >= bare + 8L * outliers.count(), backend.name());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void tablesOfCodesAgreeWithTheDenseMatrix(Backend backend) {
    Random random = new Random(6);
    byte[] codes = new byte[40 * 96];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(16);
    }
    float[] scales = KernelTesting.floats(random, 40 * 3, 0.1f);
    Groups groups = new Groups.Minimums(32, scales, new float[40 * 3]);
    for (Codes table :
        new Codes[] {Codes.Table.of(FloatFormat.E2M1, codes), Codes.Table.nf4(codes)}) {
      QuantizedMatrix w = new QuantizedMatrix(40, 96, table, groups);
      for (int m : ROWS) {
        check(backend, w, m, random);
        check(backend, w.withOutliers(columns(40, 96, random)), m, random);
        float[] x = KernelTesting.floats(random, m * 96, 1);
        PackedMatrix packed = backend.packed().pack(w);
        assertArrayEquals(
            product(backend, packed, m, x, ActivationPrecision.FLOAT),
            product(backend, packed, m, x, ActivationPrecision.INT8),
            "they take floats");
      }
    }
  }
}
