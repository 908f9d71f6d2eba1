package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/** Kernels at work on fixed operands, by name: what the tests of equal bits run. */
final class KernelWorks {
  private KernelWorks() {}

  /** Those that are split over threads. */
  static Map<String, Supplier<float[]>> split(Backend b) {
    Map<String, Supplier<float[]>> works = new LinkedHashMap<>();
    products(works, b);
    packed(works, b);
    attention(works, b);
    fakeQuantize(works, b);
    return works;
  }

  /** Those that sum in the lanes of vectors, or have loops for what is left over. */
  static Map<String, Supplier<float[]>> sums(Backend b) {
    Map<String, Supplier<float[]>> works = new LinkedHashMap<>();
    for (int dim : KernelTesting.LENGTHS) {
      norms(works, b, dim);
      pointwise(works, b, dim);
    }
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      for (int in : new int[] {7, 40, 64, 1100, 1111}) {
        halves(works, b, type, in);
      }
    }
    for (int dim : new int[] {16, 24, 64, 80}) {
      for (int length : new int[] {1, 5, 45, 230}) {
        attention(works, b, dim, length, length);
      }
      attention(works, b, dim, 1, 1300);
    }
    return works;
  }

  private static float[] joined(float[]... parts) {
    int n = 0;
    for (float[] p : parts) {
      n += p.length;
    }
    float[] all = new float[n];
    int at = 0;
    for (float[] p : parts) {
      System.arraycopy(p, 0, all, at, p.length);
      at += p.length;
    }
    return all;
  }

  private static void norms(Map<String, Supplier<float[]>> works, Backend b, int dim) {
    float[] x = floats(3 * dim);
    float[] w = floats(dim);
    float[] dy = floats(3 * dim + 1);
    works.put(
        "norms of " + dim,
        () -> {
          float[] y = new float[x.length];
          float[] rstd = new float[3];
          float[] dx = new float[x.length];
          float[] dw = new float[dim];
          b.norm().rms(0, 3, dim, 1e-5f, x, w, y, rstd);
          b.norm().rmsBackward(0, 3, dim, x, w, rstd, dy, dx, true, dw);
          float[] mean = new float[3];
          float[] z = new float[x.length];
          float[] db = new float[dim];
          b.norm().layer(0, 3, dim, 1e-5f, x, w, w, z, mean, rstd);
          b.norm().layerBackward(0, 3, dim, x, w, mean, rstd, dy, dx, true, dw, db);
          return joined(y, rstd, dx, dw, mean, z, db);
        });
  }

  private static void pointwise(Map<String, Supplier<float[]>> works, Backend b, int n) {
    float[] x = KernelTesting.floats(new Random(n), n, 6f);
    float[] other = floats(n + 1);
    works.put(
        "softmax and losses of " + n,
        () -> {
          float[] y = new float[n];
          float[] dx = new float[n];
          float[] lse = new float[1];
          double[] losses = new double[2];
          b.softmax().forward(0, 1, n, x, y);
          b.softmax().backward(0, 1, n, y, other, dx, true);
          int[] target = {n / 2};
          b.loss().crossEntropy(0, 1, n, x, target, losses, lse);
          b.loss().crossEntropyBackward(0, 1, n, x, target, lse, 0.5f, dx, true);
          losses[1] = b.loss().squaredError(0, n, x, other);
          b.loss().squaredErrorBackward(0, n, x, other, 0.1f, dx, true);
          float[] halves = new float[4];
          for (int i = 0; i < 2; i++) {
            halves[2 * i] = (float) losses[i];
            halves[2 * i + 1] = (float) (losses[i] - halves[2 * i]);
          }
          return joined(y, dx, lse, halves);
        });
    for (ActivationKernel.Function f : ActivationKernel.Function.values()) {
      works.put(
          f + " of " + n,
          () -> {
            float[] y = new float[n];
            float[] dx = new float[n];
            float[] du = new float[n];
            b.activation().forward(f, 0, n, x, y);
            b.activation().backward(f, 0, n, x, other, dx, true);
            b.activation().gated(f, 0, n, x, other, du);
            b.activation().gatedBackward(f, 0, n, x, other, y, dx, true, du, true);
            return joined(y, dx, du);
          });
    }
  }

  private static void halves(Map<String, Supplier<float[]>> works, Backend b, DType type, int in) {
    int out = 39;
    float[] w = floats(out * in);
    short[] bits = new short[w.length];
    if (type == DType.BF16) {
      b.conversion().narrowBf16(w.length, w, 0, bits, 0);
    } else {
      b.conversion().narrowF16(w.length, w, 0, bits, 0);
    }
    HalfMatrix half = new HalfMatrix(type, out, in, bits);
    for (int rows : new int[] {1, 3, 9}) {
      float[] x = floats(rows * in + 1);
      works.put(
          rows + " rows by " + type + " of " + in,
          () -> {
            float[] y = new float[rows * out];
            float[] z = new float[y.length];
            b.matMul().xwt(rows, x, 0, half, y, 0);
            b.matMul().xwt(rows, out, in, x, 0, in, w, 0, in, z, 0, out, false);
            return joined(y, z);
          });
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
    attention(works, b, 24, 45, 45);
    attention(works, b, 24, 1, 1300);
  }

  private static void attention(
      Map<String, Supplier<float[]>> works, Backend b, int dim, int length, int positions) {
    int batch = 2;
    int heads = 6;
    int kvHeads = 3;
    AttentionRanges ranges = AttentionRanges.dense(batch, length, positions);
    AttentionKernel.Spec spec = AttentionKernel.Spec.plain(ranges, heads, kvHeads, dim, dim, 0.2f);
    float[] q = floats(batch * length * heads * dim);
    float[] k = floats(batch * positions * kvHeads * dim);
    float[] v = floats(k.length + 1);
    KvRows.Dense keys = new KvRows.Dense(k, positions, kvHeads, dim);
    KvRows.Dense values = new KvRows.Dense(v, positions, kvHeads, dim);
    works.put(
        "attention of " + length + " of " + positions + ", heads of " + dim + ", " + b.name(),
        () -> {
          float[] out = new float[q.length];
          float[] lse = new float[batch * heads * length];
          float[] all = new float[q.length + k.length];
          float[] dq = new float[q.length];
          float[] dk = new float[k.length];
          float[] dv = new float[k.length];
          b.attention().forward(spec, q, keys, values, out, lse);
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
