package dev.ashlar.bench;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What is done element by element or row by row, one thread, in nanoseconds per element. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class PointwiseBench {
  private static final int ROWS = 64;
  private static final int DIM = 576;
  private static final int N = ROWS * DIM;

  @Param({"vector", "reference"})
  public String backend;

  private Backend kernels;
  private float[] x;
  private float[] w;
  private float[] dy;
  private float[] y;
  private float[] z;
  private float[] stat;
  private FakeQuantKernel.Parameters parameters;
  private float[] scales;
  private byte[] zeros;

  /** Fills the operands, and prepares a weight of the same size for the quantizers. */
  @Setup
  public void fill() {
    kernels =
        Backends.all().stream().filter(b -> b.name().equals(backend)).findFirst().orElseThrow();
    Random random = new Random(1);
    x = random(random);
    w = random(random);
    dy = random(random);
    y = new float[N];
    z = new float[N];
    stat = new float[ROWS];
    IntegerGrid scheme = new IntegerGrid(4, 64, false);
    int groups = ROWS * scheme.groups(DIM);
    float[] min = new float[groups];
    float[] max = new float[groups];
    kernels.fakeQuant().range(scheme, 0, ROWS, DIM, w, min, max);
    parameters =
        new FakeQuantKernel.Parameters(
            scheme, ROWS, DIM, w, min, max, new float[N], ones(groups), ones(groups));
    scales = new float[groups];
    zeros = new byte[groups];
    kernels.fakeQuant().forward(parameters, 0, ROWS, y, null, scales, zeros);
  }

  private static float[] random(Random random) {
    float[] a = new float[N];
    for (int i = 0; i < N; i++) {
      a[i] = random.nextFloat() * 4 - 2;
    }
    return a;
  }

  private static float[] ones(int n) {
    float[] a = new float[n];
    Arrays.fill(a, 1f);
    return a;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void silu() {
    kernels.activation().forward(Function.SILU, 0, N, x, y);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void gelu() {
    kernels.activation().forward(Function.GELU, 0, N, x, y);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void gatedBackward() {
    kernels.activation().gatedBackward(Function.SILU, 0, N, x, w, dy, y, false, z, false);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void softmax() {
    kernels.softmax().forward(0, ROWS, DIM, x, y);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void rms() {
    kernels.norm().rms(0, ROWS, DIM, 1e-5f, x, w, y, stat);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void rmsBackward() {
    kernels.norm().rmsBackward(0, ROWS, DIM, x, w, stat, dy, y, false, null);
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public void fakeQuantize() {
    kernels.fakeQuant().forward(parameters, 0, ROWS, y, null, scales, zeros);
  }

  /** A step so short that the parameters stay what they are. */
  @Benchmark
  @OperationsPerInvocation(N)
  public void signStep() {
    kernels.fakeQuant().signStep(parameters, 0, ROWS, dy, scales, zeros, 1e-30f, 1e-30f);
  }
}
