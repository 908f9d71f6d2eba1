package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every kernel that is split over threads, again and again on one thread and on many: the bits must
 * not depend on who computed what. The pool has one thread for each processor; started with {@code
 * -Dashlar.threads=7} it has more, and they take each other's cores away.
 */
class ThreadRaceTest {
  private static final int[] THREADS = {1, 2, 3, 7};
  private static final int ROUNDS = 6;

  @TestFactory
  Iterable<DynamicTest> bitsAreThoseOfOneThread() {
    Map<String, Supplier<float[]>> works = new LinkedHashMap<>();
    for (Backend b : Backends.all()) {
      products(works, b);
      packed(works, b);
      attention(works, b);
      fakeQuantize(works, b);
    }
    return works.entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> race(e.getValue())))
        .toList();
  }

  private static void race(Supplier<float[]> work) {
    float[] expected = Parallel.limited(1, work::get);
    for (int round = 0; round < ROUNDS; round++) {
      for (int threads : THREADS) {
        float[] found = Parallel.limited(threads, work::get);
        assertArrayEquals(expected, found, threads + " threads, round " + round);
      }
    }
  }

  private static float[] floats(int n) {
    return KernelTesting.floats(new Random(n), n, 1f);
  }

  private static void products(Map<String, Supplier<float[]>> works, Backend b) {
    int[][] shapes = {{131, 197, 83}, {1, 701, 65}, {257, 33, 700}, {40, 40, 40}};
    for (int[] s : shapes) {
      int m = s[0];
      int n = s[1];
      int k = s[2];
      float[] x = floats(m * k);
      float[] w = floats(n * k);
      String name = b.name() + " " + m + "x" + n + "x" + k;
      MatMulKernel kernel = b.matMul();
      works.put(
          "xwt " + name,
          () -> {
            float[] y = new float[m * n];
            kernel.xwt(m, n, k, x, 0, k, w, 0, k, y, 0, n, false);
            return y;
          });
      works.put(
          "xw " + name,
          () -> {
            float[] y = new float[m * n];
            kernel.xw(m, n, k, x, 0, k, w, 0, n, y, 0, n, false);
            return y;
          });
      works.put(
          "xtw " + name,
          () -> {
            float[] y = new float[m * n];
            kernel.xtw(m, n, k, x, 0, m, w, 0, n, y, 0, n, false);
            return y;
          });
    }
  }

  private static void packed(Map<String, Supplier<float[]>> works, Backend b) {
    for (int bits : new int[] {2, 3, 4, 8}) {
      IntegerGrid scheme = new IntegerGrid(bits, 64, false);
      int out = 224;
      int in = 192;
      Random random = new Random(bits);
      byte[] codes = new byte[out * in];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(scheme.maxCode() + 1);
      }
      float[] scales = KernelTesting.floats(random, out * scheme.groups(in), 0.01f);
      byte[] zeros = new byte[scales.length];
      for (int i = 0; i < zeros.length; i++) {
        scales[i] = scheme.roundScale(scales[i]);
        zeros[i] = (byte) random.nextInt(scheme.maxCode() + 1);
      }
      PackedMatrix w = b.packed().pack(new QuantizedMatrix(out, in, scheme, codes, scales, zeros));
      for (int rows : new int[] {1, 3, 37}) {
        float[] x = floats(rows * in);
        works.put(
            "packed " + bits + " bits, " + rows + " rows, " + b.name(),
            () -> {
              float[] y = new float[rows * out];
              b.packed().multiply(rows, x, 0, w, y, 0);
              return y;
            });
      }
    }
  }

  private static void attention(Map<String, Supplier<float[]>> works, Backend b) {
    int batch = 2;
    int length = 45;
    int heads = 6;
    int kvHeads = 3;
    int dim = 24;
    AttentionRanges ranges = AttentionRanges.dense(batch, length, length);
    AttentionKernel.Spec spec = AttentionKernel.Spec.plain(ranges, heads, kvHeads, dim, dim, 0.2f);
    float[] q = floats(batch * length * heads * dim);
    float[] k = floats(batch * length * kvHeads * dim);
    float[] v = floats(k.length + 1);
    KvRows.Dense keys = new KvRows.Dense(k, length, kvHeads, dim);
    KvRows.Dense values = new KvRows.Dense(v, length, kvHeads, dim);
    works.put(
        "attention " + b.name(),
        () -> {
          float[] out = new float[q.length];
          float[] lse = new float[batch * heads * length];
          float[] all = new float[q.length + k.length];
          float[] dq = new float[q.length];
          float[] dk = new float[k.length];
          float[] dv = new float[k.length];
          Parallel.rows(
              spec.units(),
              1,
              (from, to) -> b.attention().forward(spec, from, to, q, keys, values, out, lse));
          Parallel.rows(
              spec.units(),
              1,
              (from, to) ->
                  b.attention()
                      .backward(spec, from, to, q, keys, values, out, lse, out, dq, dk, dv));
          for (int i = 0; i < all.length; i++) {
            all[i] = i < q.length ? out[i] + dq[i] : dk[i - q.length] + dv[i - q.length];
          }
          return all;
        });
  }

  private static void fakeQuantize(Map<String, Supplier<float[]>> works, Backend b) {
    IntegerGrid scheme = new IntegerGrid(3, 32, true);
    int out = 65;
    int in = 100;
    int groups = out * scheme.groups(in);
    float[] w = floats(out * in);
    float[] gradient = floats(out * in + 1);
    works.put(
        "fake-quantize " + b.name(),
        () -> {
          float[] min = new float[groups];
          float[] max = new float[groups];
          float[] value = new float[w.length];
          float[] quantized = new float[w.length];
          float[] scales = new float[groups];
          byte[] zeros = new byte[groups];
          FakeQuantKernel k = b.fakeQuant();
          FakeQuantKernel.Parameters p =
              new FakeQuantKernel.Parameters(scheme, out, in, w, min, max, value, null, null);
          Parallel.rows(
              out,
              1,
              (from, to) -> {
                k.range(scheme, from, to, in, w, min, max);
                k.forward(p, from, to, quantized, null, scales, zeros);
                k.signStep(p, from, to, gradient, scales, zeros, 0.3f, 0.1f);
                k.forward(p, from, to, quantized, null, scales, zeros);
              });
          return quantized;
        });
  }
}
