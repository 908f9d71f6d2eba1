package dev.ashlar.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
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
 * Products with packed weights. {@code gigabytes} counts the weights' bytes and is to be held
 * against that of {@link #readMemory}; {@code gigaflops} the multiplications and additions.
 *
 * <p>{@code java --add-modules jdk.incubator.vector -cp … org.openjdk.jmh.Main PackedBench}
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class PackedBench {
  /** What one call moved; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public double gigabytes;
    public double gigaflops;

    /** Counters start each iteration at zero. */
    @Setup(Level.Iteration)
    public void clear() {
      gigabytes = 0;
      gigaflops = 0;
    }
  }

  /** Threads of the product. */
  @State(Scope.Benchmark)
  public static class Threads {
    @Param({"1", "2"})
    public int threads;
  }

  /** Copies of one matrix, more than the caches hold if so asked, visited in turn. */
  @State(Scope.Benchmark)
  public static class Weights {
    private static final long BEYOND_CACHES = 160L << 20;

    @Param({"576x576", "1536x576", "4096x4096"})
    public String shape;

    @Param({"w4g64", "w4g128", "w4g64z", "w3g128", "w2g64"})
    public String scheme;

    @Param({"memory", "cache"})
    public String from;

    @Param("1")
    public int rows;

    @Param({"FLOAT", "INT8"})
    public ActivationPrecision activations;

    final PackedKernel kernel = Backends.chosen().packed();
    PackedMatrix[] copies;
    float[] x;
    float[] y;
    int next;

    /** Packs the copies. */
    @Setup
    public void pack() {
      int out = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
      int in = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
      QuantizedMatrix w = random(out, in);
      PackedMatrix first = kernel.pack(w);
      int count = from.equals("cache") ? 1 : (int) (BEYOND_CACHES / first.byteSize()) + 1;
      copies = new PackedMatrix[count];
      for (int i = 0; i < count; i++) {
        copies[i] = kernel.pack(w);
      }
      x = new float[rows * in];
      y = new float[rows * out];
      Random random = new Random(2);
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextFloat() - 0.5f;
      }
    }

    /** {@code w4g64}, with a {@code z} at the end if it has zero points. */
    private QuantizedMatrix random(int out, int in) {
      boolean zeros = scheme.endsWith("z");
      int bits = scheme.charAt(1) - '0';
      int group = Integer.parseInt(scheme.substring(3, scheme.length() - (zeros ? 1 : 0)));
      IntegerGrid s = new IntegerGrid(bits, group, !zeros);
      Random random = new Random(1);
      byte[] codes = new byte[out * in];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(s.maxCode() + 1);
      }
      float[] scales = new float[out * s.groups(in)];
      byte[] points = new byte[scales.length];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = s.roundScale(random.nextFloat() * 0.01f + 0.001f);
        points[i] = (byte) (zeros ? random.nextInt(s.maxCode() + 1) : s.middle());
      }
      return new QuantizedMatrix(out, in, s, codes, scales, points);
    }
  }

  /** An array that no cache holds. */
  @State(Scope.Benchmark)
  public static class Memory {
    final int[] data = new int[64 << 20];
  }

  /** The product of {@code rows} rows of activations with the next copy. */
  @Benchmark
  public float product(Weights w, Threads t, Work work) {
    PackedMatrix matrix = w.copies[w.next];
    w.next = (w.next + 1) % w.copies.length;
    Parallel.limited(
        t.threads,
        () -> {
          w.kernel.multiply(w.rows, w.x, 0, matrix, w.activations, w.y, 0);
          return null;
        });
    work.gigabytes += matrix.byteSize() * 1e-9;
    work.gigaflops += 2e-9 * w.rows * matrix.out() * matrix.in();
    return w.y[0];
  }

  /** The ceiling: reads memory from end to end. */
  @Benchmark
  public long readMemory(Memory memory, Threads t, Work work) {
    int[] data = memory.data;
    LongAdder total = new LongAdder();
    Parallel.limited(
        t.threads,
        () -> {
          Parallel.rows(data.length, 1 << 20, (from, to) -> total.add(sum(data, from, to)));
          return null;
        });
    work.gigabytes += 4e-9 * data.length;
    return total.sum();
  }

  private static int sum(int[] data, int from, int to) {
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += data[i];
    }
    return sum;
  }
}
