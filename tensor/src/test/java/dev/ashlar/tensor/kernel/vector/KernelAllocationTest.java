package dev.ashlar.tensor.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.OwnJvm;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.kv.KvRows;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Once compiled, no kernel boxes the vectors of its loops, at any width that this machine has. A
 * loop that does allocates a box of 48 bytes or more for 4 to 16 elements each time around and
 * takes several times as long; boxes outside of loops are none of this test's business.
 *
 * <p>What the compiler leaves now and then, depending on what it compiled before, is no fault of a
 * kernel: one fails only if it allocates in every one of a few JVMs.
 */
class KernelAllocationTest {
  /** A box for every four vectors at 128 bits would be three. */
  private static final double BYTES_PER_ELEMENT = 0.25;

  /** The captured bodies of parallel regions and what else is small. */
  private static final long BYTES_PER_CALL = 2048;

  private static final int STARTS = 4;
  private static final long ROUND_NANOS = 50_000_000L;

  /** On a machine that is busy the compiler takes its time. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /**
   * A kernel at work.
   *
   * @param elements that a call works on, each of them once or more
   */
  private record Work(long elements, Runnable call) {
    long most() {
      return BYTES_PER_CALL + (long) (BYTES_PER_ELEMENT * elements);
    }
  }

  /** What the other JVM runs: prints the names of those, of all or of some, that allocate. */
  static final class Program {
    private Program() {}

    public static void main(String[] names) {
      List<String> some = List.of(names);
      works(Backends.named("vector"))
          .forEach(
              (name, work) -> {
                if (some.isEmpty() || some.contains(name)) {
                  long used = settled(work);
                  if (used > work.most()) {
                    System.out.println(name + " " + used);
                  }
                }
              });
    }

    /** Bytes that a call allocates when it allocates little, or when patience ends. */
    private static long settled(Work work) {
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      long used = Long.MAX_VALUE;
      while (used > work.most() && System.nanoTime() < deadline) {
        long before = OwnJvm.allocated();
        long calls =
            Parallel.limited(
                1,
                () -> {
                  long end = System.nanoTime() + ROUND_NANOS;
                  long n = 0;
                  do {
                    work.call().run();
                    n++;
                  } while (System.nanoTime() < end);
                  return n;
                });
        used = (OwnJvm.allocated() - before) / calls;
      }
      return used;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void loopsKeepTheirVectorsInRegisters(int bits) throws IOException, InterruptedException {
    assumeTrue(bits <= Lanes.L * Float.SIZE, "this machine has no vectors of " + bits + " bits");
    OwnJvm.allocated();
    List<String> allocating = List.of();
    for (int start = 0; start < STARTS && (start == 0 || !allocating.isEmpty()); start++) {
      allocating = allocating(bits, allocating);
    }
    assertEquals(List.of(), allocating, "at " + bits + " bits, with the bytes of a call");
  }

  /** Those of {@code lines}, or of all if there are none, that allocate in a new JVM. */
  private static List<String> allocating(int bits, List<String> lines)
      throws IOException, InterruptedException {
    // As the launcher has them.
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--add-modules",
                "jdk.incubator.vector",
                "-XX:MaxVectorSize=" + bits / Byte.SIZE,
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=inline,dev.ashlar.tensor.kernel.vector.lanes.VectorMath::*"));
    for (String scaling :
        List.of(
            "jdk.incubator.vector.*::*,20.0",
            "jdk.internal.vm.vector.*::*,20.0",
            "dev.ashlar.tensor.kernel.vector.attention.*::*,0.3")) {
      flags.add("-XX:CompileCommand=CompileThresholdScaling," + scaling);
    }
    List<String> names =
        lines.stream().map(line -> line.substring(0, line.lastIndexOf(' '))).toList();
    return OwnJvm.run(Program.class, flags, names).succeeded().lines().toList();
  }

  private static Map<String, Work> works(Backend b) {
    Map<String, Work> works = new LinkedHashMap<>();
    rows(b, works);
    pointwise(b, works);
    quantizer(b, works);
    products(b, works);
    attention(b, works);
    return works;
  }

  private static void rows(Backend b, Map<String, Work> works) {
    int rows = 16;
    int dim = 1040;
    int n = rows * dim;
    float[] x = floats(n);
    float[] y = floats(n);
    float[] z = floats(n);
    float[] w = floats(dim);
    float[] dw = new float[dim];
    float[] db = new float[dim];
    float[] mean = new float[rows];
    float[] rstd = new float[rows];
    int[] targets = new int[rows];
    double[] losses = new double[rows];
    works.put("rms norm", new Work(n, () -> b.norm().rms(0, rows, dim, 1e-5f, x, w, y, rstd)));
    works.put(
        "rms norm backward",
        new Work(n, () -> b.norm().rmsBackward(0, rows, dim, x, w, rstd, y, z, false, dw)));
    works.put(
        "layer norm",
        new Work(n, () -> b.norm().layer(0, rows, dim, 1e-5f, x, w, w, y, mean, rstd)));
    works.put(
        "layer norm backward",
        new Work(
            n, () -> b.norm().layerBackward(0, rows, dim, x, w, mean, rstd, y, z, false, dw, db)));
    works.put("softmax", new Work(n, () -> b.softmax().forward(0, rows, dim, x, y)));
    works.put(
        "softmax backward", new Work(n, () -> b.softmax().backward(0, rows, dim, y, x, z, false)));
    works.put(
        "cross entropy",
        new Work(n, () -> b.loss().crossEntropy(0, rows, dim, x, targets, losses, rstd)));
    works.put("squared error", new Work(n, () -> b.loss().squaredError(0, n, x, y)));
  }

  private static void pointwise(Backend b, Map<String, Work> works) {
    int n = 1 << 14;
    float[] x = floats(n);
    float[] y = floats(n);
    float[] z = floats(n);
    short[] bits = new short[n];
    works.put("exp", new Work(n, () -> b.elementwise().exp(n, x, 0, y, 0)));
    works.put("all finite", new Work(n, () -> b.elementwise().allFinite(n, x, 0)));
    for (Function f : List.of(Function.SILU, Function.GELU_TANH)) {
      works.put("gated " + f, new Work(n, () -> b.activation().gated(f, 0, n, x, x, y)));
      works.put(
          "gated backward " + f,
          new Work(n, () -> b.activation().gatedBackward(f, 0, n, x, x, x, y, false, z, false)));
    }
    works.put("to bf16", new Work(n, () -> b.conversion().narrowBf16(n, x, 0, bits, 0)));
    works.put("of bf16", new Work(n, () -> b.conversion().widenBf16(n, bits, 0, y, 0)));
  }

  private static void quantizer(Backend b, Map<String, Work> works) {
    IntegerGrid scheme = new IntegerGrid(4, 64, false);
    int out = 16;
    int in = 1024;
    int n = out * in;
    int groups = out * scheme.groups(in);
    float[] weight = floats(n);
    float[] value = floats(n);
    float[] gradient = floats(n);
    float[] min = new float[groups];
    float[] max = new float[groups];
    float[] scales = new float[groups];
    byte[] zeros = new byte[groups];
    float[] quantized = new float[n];
    byte[] codes = new byte[n];
    b.fakeQuant().range(scheme, 0, out, in, weight, min, max);
    float[] ones = new float[groups];
    Arrays.fill(ones, 1f);
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(
            scheme, out, in, weight, min, max, value, ones, ones.clone());
    works.put(
        "range", new Work(n, () -> b.fakeQuant().range(scheme, 0, out, in, weight, min, max)));
    works.put(
        "quantizer",
        new Work(n, () -> b.fakeQuant().forward(p, 0, out, quantized, codes, scales, zeros)));
    works.put(
        "sign step",
        new Work(
            n, () -> b.fakeQuant().signStep(p, 0, out, gradient, scales, zeros, 1e-9f, 1e-9f)));
  }

  private static void products(Backend b, Map<String, Work> works) {
    int k = 512;
    int n = 64;
    float[] x = floats(64 * k);
    float[] w = floats(n * k);
    float[] y = new float[64 * k];
    for (int m : new int[] {1, 4, 64}) {
      works.put(
          "product of " + m,
          new Work(
              (long) m * n * k, () -> b.matMul().xwt(m, n, k, x, 0, k, w, 0, k, y, 0, n, false)));
    }
    works.put(
        "product back",
        new Work(64L * n * k, () -> b.matMul().xw(64, k, n, x, 0, n, w, 0, k, y, 0, k, false)));
    short[] bits = new short[n * k];
    b.conversion().narrowBf16(n * k, w, 0, bits, 0);
    HalfMatrix half = new HalfMatrix(DType.BF16, n, k, bits);
    works.put(
        "product of 1 with bf16",
        new Work((long) n * k, () -> b.matMul().xwt(1, x, 0, half, y, 0)));
  }

  private static void attention(Backend b, Map<String, Work> works) {
    int heads = 4;
    int dim = 64;
    for (int[] size : new int[][] {{1, 300}, {4, 300}, {64, 64}}) {
      int length = size[0];
      int keys = size[1];
      AttentionKernel.Spec spec =
          AttentionKernel.Spec.plain(
              AttentionRanges.dense(1, length, keys), heads, heads / 2, dim, dim, 0.125f);
      float[] q = floats(length * heads * dim);
      float[] out = new float[q.length];
      float[] lse = new float[length * heads];
      KvRows.Dense k = new KvRows.Dense(floats(keys * heads / 2 * dim), keys, heads / 2, dim);
      KvRows.Dense v = new KvRows.Dense(floats(keys * heads / 2 * dim), keys, heads / 2, dim);
      long pairs = (long) length * keys * heads * dim;
      works.put(
          "attention of " + length,
          new Work(2 * pairs, () -> b.attention().forward(spec, q, k, v, out, lse)));
      if (length == keys) {
        float[] dq = new float[q.length];
        float[] dk = new float[k.data().length];
        float[] dv = new float[v.data().length];
        works.put(
            "attention backward",
            new Work(
                4 * pairs,
                () ->
                    b.attention()
                        .backward(spec, 0, spec.units(), q, k, v, out, lse, out, dq, dk, dv)));
      }
    }
  }

  private static float[] floats(int n) {
    Random random = new Random(n);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    return x;
  }
}
