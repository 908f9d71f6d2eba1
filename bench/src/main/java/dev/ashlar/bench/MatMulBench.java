package dev.ashlar.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kernel.ProbeKernel;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Float products in the three layouts of training. {@code gigaflops} is to be held against that of
 * {@link #peak}, multiply-adds on registers.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … org.openjdk.jmh.Main MatMulBench}
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class MatMulBench {
  private static final int PEAK_STEPS = 100_000;

  /** What one call computed; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public double gigaflops;

    /** Counters start each iteration at zero. */
    @Setup(Level.Iteration)
    public void clear() {
      gigaflops = 0;
    }
  }

  /** Threads of the product. */
  @State(Scope.Benchmark)
  public static class Threads {
    @Param({"1", "2"})
    public int threads;
  }

  /** A linear layer of {@code out} by {@code in} on a number of tokens. */
  @State(Scope.Benchmark)
  public static class Layer {
    @Param({
      "1024x576x576",
      "1024x192x576",
      "1024x1536x576",
      "1024x576x1536",
      "2048x2048x2048",
      "1x49152x576"
    })
    public String shape;

    int tokens;
    int out;
    int in;
    float[] x;
    float[] w;
    float[] y;
    final MatMulKernel kernel = Backends.chosen().matMul();

    /** Fills all three with small random numbers. */
    @Setup
    public void fill() {
      String[] parts = shape.split("x");
      tokens = Integer.parseInt(parts[0]);
      out = Integer.parseInt(parts[1]);
      in = Integer.parseInt(parts[2]);
      Random random = new Random(1);
      x = random(random, tokens * in);
      w = random(random, out * in);
      y = random(random, tokens * out);
    }

    private static float[] random(Random random, int n) {
      float[] a = new float[n];
      for (int i = 0; i < n; i++) {
        a[i] = random.nextFloat() - 0.5f;
      }
      return a;
    }

    double gigaflops() {
      return 2e-9 * tokens * out * in;
    }
  }

  /** {@code y = x·wᵀ}. */
  @Benchmark
  public float forward(Layer l, Threads t, Work work) {
    return limited(
        t,
        l,
        work,
        () ->
            l.kernel.xwt(l.tokens, l.out, l.in, l.x, 0, l.in, l.w, 0, l.in, l.y, 0, l.out, false));
  }

  /** {@code dx = dy·w}. */
  @Benchmark
  public float inputGradient(Layer l, Threads t, Work work) {
    return limited(
        t,
        l,
        work,
        () -> l.kernel.xw(l.tokens, l.in, l.out, l.y, 0, l.out, l.w, 0, l.in, l.x, 0, l.in, false));
  }

  /** {@code dw = dyᵀ·x}. */
  @Benchmark
  public float weightGradient(Layer l, Threads t, Work work) {
    return limited(
        t,
        l,
        work,
        () ->
            l.kernel.xtw(l.out, l.in, l.tokens, l.y, 0, l.out, l.x, 0, l.in, l.w, 0, l.in, false));
  }

  private static float limited(Threads t, Layer l, Work work, Runnable product) {
    Parallel.limited(
        t.threads,
        () -> {
          product.run();
          return null;
        });
    work.gigaflops += l.gigaflops();
    return l.y[0];
  }

  /** The ceiling: multiply-adds that touch no memory, on every thread. */
  @Benchmark
  public void peak(Threads t, Work work) {
    ProbeKernel probe = Backends.chosen().probe();
    float[] sums = new float[t.threads * probe.width()];
    double[] operations = new double[t.threads];
    Parallel.limited(
        t.threads,
        () -> {
          Parallel.rows(
              t.threads,
              1,
              (from, to) -> {
                for (int i = from; i < to; i++) {
                  operations[i] = probe.multiplyAdds(PEAK_STEPS, sums, i * probe.width());
                }
              });
          return null;
        });
    work.gigaflops += 1e-9 * Arrays.stream(operations).sum();
  }
}
