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

  /** One call by a backend, which leaves its result in y. */
  private interface Call {
    void by(Backend backend, float[] y);
  }

  private static List<Case> functions() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    for (Backend b : Operands.backends()) {
      add(cases, "exp", b, 8, (by, y) -> by.elementwise().exp(N, x, 0, y, 0));
      add(cases, "softmax of " + DIM, b, 8, (by, y) -> by.softmax().forward(0, ROWS, DIM, x, y));
      for (Function f : List.of(Function.SILU, Function.GELU, Function.GELU_TANH)) {
        add(cases, f.name(), b, 8, (by, y) -> by.activation().forward(f, 0, N, x, y));
      }
    }
    return cases;
  }

  private static List<Case> norms() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    float[] w = Operands.floats(DIM);
    float[] mean = new float[ROWS];
    float[] rstd = new float[ROWS];
    for (Backend b : Operands.backends()) {
      add(cases, "RMS norm", b, 8, (by, y) -> by.norm().rms(0, ROWS, DIM, 1e-5f, x, w, y, rstd));
      add(
          cases,
          "layer norm",
          b,
          8,
          (by, y) -> by.norm().layer(0, ROWS, DIM, 1e-5f, x, w, w, y, mean, rstd));
    }
    return cases;
  }

  private static List<Case> conversions() {
    List<Case> cases = new ArrayList<>();
    float[] x = Operands.floats(N);
    ConversionKernel reference = Backends.reference().conversion();
    short[] bf16 = new short[N];
    short[] f16 = new short[N];
    reference.narrowBf16(N, x, 0, bf16, 0);
    reference.narrowF16(N, x, 0, f16, 0);
    short[] to = new short[N];
    for (Backend b : Operands.backends()) {
      ConversionKernel k = b.conversion();
      Call toBf16 =
          (by, y) -> {
            by.conversion().narrowBf16(N, x, 0, to, 0);
            reference.widenBf16(N, to, 0, y, 0);
          };
      Call toF16 =
          (by, y) -> {
            by.conversion().narrowF16(N, x, 0, to, 0);
            reference.widenF16(N, to, 0, y, 0);
          };
      // What was narrowed is widened to be compared, which is not to be timed.
      add(cases, "f32 to bf16", b, 6, () -> k.narrowBf16(N, x, 0, to, 0), toBf16);
      add(cases, "bf16 to f32", b, 6, (by, y) -> by.conversion().widenBf16(N, bf16, 0, y, 0));
      add(cases, "f32 to f16", b, 6, () -> k.narrowF16(N, x, 0, to, 0), toF16);
      add(cases, "f16 to f32", b, 6, (by, y) -> by.conversion().widenF16(N, f16, 0, y, 0));
    }
    return cases;
  }

  private static void add(List<Case> cases, String name, Backend b, int bytes, Call call) {
    float[] y = new float[N];
    add(cases, name, b, bytes, () -> call.by(b, y), call);
  }

  private static void add(
      List<Case> cases, String name, Backend backend, int bytes, Runnable once, Call answer) {
    Runnable body =
        () -> {
          for (int i = 0; i < REPEAT; i++) {
            once.run();
          }
        };
    double work = 1e-9 * bytes * N * REPEAT;
    cases.add(
        new Case(name, backend.name(), 1, Bound.CACHE, work, body)
            .checked(
                new Check(
                    () -> result(answer, backend),
                    () -> result(answer, Backends.reference()),
                    Check.SUMS)));
  }

  private static float[] result(Call call, Backend backend) {
    float[] y = new float[N];
    call.by(backend, y);
    return y;
  }
}
