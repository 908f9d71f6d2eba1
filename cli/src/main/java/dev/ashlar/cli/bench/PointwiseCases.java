package dev.ashlar.cli.bench;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.ConversionKernel;
import java.util.ArrayList;
import java.util.List;

/** What is done element by element or row by row, in cache, on one thread. */
final class PointwiseCases {
  /** Elements of an operand. */
  static final int N = 8192;

  /** Calls that count as one: a single one is near the clock's resolution. */
  static final int REPEAT = 64;

  private static final int DIM = 512;
  private static final int ROWS = N / DIM;

  private PointwiseCases() {}

  static List<Group> groups() {
    return List.of(
        new Group("elementwise", PointwiseCases::functions),
        new Group("norms", PointwiseCases::norms),
        new Group("conversions", PointwiseCases::conversions));
  }

  private static List<Case> functions() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    float[] y = new float[N];
    for (Backend b : List.of(Backends.reference(), Backends.chosen())) {
      add(cases, "exp", b, 8, () -> b.elementwise().exp(N, x, 0, y, 0));
      add(cases, "softmax of " + DIM, b, 8, () -> b.softmax().forward(0, ROWS, DIM, x, y));
      for (Function f : List.of(Function.SILU, Function.GELU, Function.GELU_TANH)) {
        add(cases, f.name(), b, 8, () -> b.activation().forward(f, 0, N, x, y));
      }
    }
    return cases;
  }

  private static List<Case> norms() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    float[] w = Operands.floats(DIM);
    float[] y = new float[N];
    float[] mean = new float[ROWS];
    float[] rstd = new float[ROWS];
    for (Backend b : List.of(Backends.reference(), Backends.chosen())) {
      add(cases, "RMS norm", b, 8, () -> b.norm().rms(0, ROWS, DIM, 1e-5f, x, w, y, rstd));
      add(
          cases,
          "layer norm",
          b,
          8,
          () -> b.norm().layer(0, ROWS, DIM, 1e-5f, x, w, w, y, mean, rstd));
    }
    return cases;
  }

  private static List<Case> conversions() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    float[] y = new float[N];
    short[] bf16 = new short[N];
    short[] f16 = new short[N];
    for (Backend b : List.of(Backends.reference(), Backends.chosen())) {
      ConversionKernel k = b.conversion();
      add(cases, "f32 to bf16", b, 6, () -> k.narrowBf16(N, x, 0, bf16, 0));
      add(cases, "bf16 to f32", b, 6, () -> k.widenBf16(N, bf16, 0, y, 0));
      add(cases, "f32 to f16", b, 6, () -> k.narrowF16(N, x, 0, f16, 0));
      add(cases, "f16 to f32", b, 6, () -> k.widenF16(N, f16, 0, y, 0));
    }
    return cases;
  }

  private static void add(
      List<Case> cases, String name, Backend backend, int bytes, Runnable once) {
    Runnable body =
        () -> {
          for (int i = 0; i < REPEAT; i++) {
            once.run();
          }
        };
    double work = 1e-9 * bytes * N * REPEAT;
    cases.add(new Case(name, backend.name(), 1, Bound.CACHE, work, body));
  }
}
