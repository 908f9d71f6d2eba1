package dev.ashlar.bench.peers;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.AttentionKernel.Spec;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kv.KvRows;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Float products, elementwise work and attention. */
final class KernelContests {
  private static final int ROWS = 64;
  private static final int DIM = 576;
  private static final Backend BACKEND = Backends.chosen();

  private KernelContests() {}

  /** {@code m, n, k} of {@code y[m,n] = …}, after the layout. */
  private record Product(String layout, int m, int n, int k) {}

  private static final List<Product> PRODUCTS =
      List.of(
          new Product("xwt", 1024, 576, 576),
          new Product("xwt", 1024, 1536, 576),
          new Product("xwt", 1024, 576, 1536),
          new Product("xw", 1024, 576, 576),
          new Product("xw", 1024, 576, 1536),
          new Product("xtw", 576, 576, 1024),
          new Product("xtw", 1536, 576, 1024),
          new Product("xwt", 2048, 2048, 2048),
          new Product("xw", 2048, 2048, 2048),
          new Product("xtw", 2048, 2048, 2048));

  static List<Contest> products(Peer peer, int threads) {
    List<Contest> contests = new ArrayList<>();
    for (Product p : PRODUCTS) {
      String sizes = p.m() + " " + p.n() + " " + p.k();
      contests.add(
          new Contest(
              "float products",
              p.layout() + " " + sizes.replace(' ', 'x'),
              peer,
              "matmul " + p.layout() + " " + sizes,
              threads,
              2e-9 * p.m() * p.n() * p.k(),
              "GFLOP/s",
              1e-5,
              () -> product(p)));
    }
    return contests;
  }

  private static Contest.Side product(Product p) {
    int m = p.m();
    int n = p.n();
    int k = p.k();
    float[] a = Numbers.of(1, m * k);
    float[] b = Numbers.of(2, n * k);
    float[] c = new float[m * n];
    MatMulKernel kernel = BACKEND.matMul();
    Runnable work =
        switch (p.layout()) {
          case "xwt" -> () -> kernel.xwt(m, n, k, a, 0, k, b, 0, k, c, 0, n, false);
          case "xw" -> () -> kernel.xw(m, n, k, a, 0, k, b, 0, n, c, 0, n, false);
          case "xtw" -> () -> kernel.xtw(m, n, k, a, 0, m, b, 0, n, c, 0, n, false);
          default -> throw new IllegalArgumentException(p.layout());
        };
    return new Contest.Side(work, () -> c);
  }

  /** One thread: nobody splits so little. */
  static List<Contest> pointwise() {
    int n = ROWS * DIM;
    float[] x = Numbers.of(1, n);
    for (int i = 0; i < n; i++) {
      x[i] *= 4;
    }
    float[] w = Numbers.of(2, DIM);
    float[] y = new float[n];
    float[] mean = new float[ROWS];
    float[] rstd = new float[ROWS];
    short[] half = new short[n];
    List<Contest> list = new ArrayList<>();
    Supplier<float[]> result = () -> y;
    pointwise(list, "exp", () -> BACKEND.elementwise().exp(n, x, 0, y, 0), result);
    pointwise(list, "softmax", () -> BACKEND.softmax().forward(0, ROWS, DIM, x, y), result);
    pointwise(list, "silu", activation(Function.SILU, x, y), result);
    pointwise(list, "gelu", activation(Function.GELU, x, y), result);
    pointwise(list, "gelu_tanh", activation(Function.GELU_TANH, x, y), result);
    pointwise(
        list, "rms_norm", () -> BACKEND.norm().rms(0, ROWS, DIM, 1e-5f, x, w, y, rstd), result);
    pointwise(
        list,
        "layer_norm",
        () -> BACKEND.norm().layer(0, ROWS, DIM, 1e-5f, x, w, w, y, mean, rstd),
        result);
    conversions(list, x, y, half);
    return list;
  }

  private static Runnable activation(Function f, float[] x, float[] y) {
    return () -> BACKEND.activation().forward(f, 0, x.length, x, y);
  }

  private static void conversions(List<Contest> list, float[] x, float[] y, short[] half) {
    int n = x.length;
    short[] bf16 = new short[n];
    short[] f16 = new short[n];
    BACKEND.conversion().narrowBf16(n, x, 0, bf16, 0);
    BACKEND.conversion().narrowF16(n, x, 0, f16, 0);
    pointwise(list, "bf16_to_f32", () -> BACKEND.conversion().widenBf16(n, bf16, 0, y, 0), () -> y);
    pointwise(list, "f16_to_f32", () -> BACKEND.conversion().widenF16(n, f16, 0, y, 0), () -> y);
    pointwise(
        list,
        "f32_to_bf16",
        () -> BACKEND.conversion().narrowBf16(n, x, 0, half, 0),
        () -> {
          BACKEND.conversion().widenBf16(n, half, 0, y, 0);
          return y;
        });
    pointwise(
        list,
        "f32_to_f16",
        () -> BACKEND.conversion().narrowF16(n, x, 0, half, 0),
        () -> {
          BACKEND.conversion().widenF16(n, half, 0, y, 0);
          return y;
        });
  }

  private static void pointwise(
      List<Contest> list, String name, Runnable work, Supplier<float[]> result) {
    list.add(
        new Contest(
            "elementwise",
            name + " " + ROWS + "x" + DIM,
            Peer.TORCH,
            "pointwise " + name + " " + ROWS + " " + DIM,
            1,
            1e-9 * ROWS * DIM,
            "Gelem/s",
            2e-6,
            () -> new Contest.Side(work, result)));
  }

  /** Causal, grouped queries, of SmolLM2's shape. */
  static List<Contest> attention(int threads) {
    int batch = 4;
    int length = 256;
    int heads = 9;
    int kvHeads = 3;
    int dim = 64;
    double pairs = 0.5 * batch * heads * length * (length + 1);
    return List.of(
        new Contest(
            "attention",
            "causal 4x256, 9 heads of 64 over 3",
            Peer.TORCH,
            "attention 4 256 9 3 64",
            threads,
            4e-9 * dim * pairs,
            "GFLOP/s",
            1e-5,
            () -> {
              AttentionRanges ranges = AttentionRanges.dense(batch, length, length);
              Spec spec = Spec.plain(ranges, heads, kvHeads, dim, dim, 0.125f);
              float[] q = Numbers.of(1, batch * length * heads * dim);
              float[] k = Numbers.of(2, batch * length * kvHeads * dim);
              float[] v = Numbers.of(3, batch * length * kvHeads * dim);
              float[] out = new float[q.length];
              float[] lse = new float[batch * heads * length];
              KvRows.Dense keys = new KvRows.Dense(k, length, kvHeads, dim);
              KvRows.Dense values = new KvRows.Dense(v, length, kvHeads, dim);
              return new Contest.Side(
                  () -> BACKEND.attention().forward(spec, q, keys, values, out, lse), () -> out);
            }));
  }
}
