package dev.ashlar.bench;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
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
 * Products of a few or many tokens with a matrix of 16-bit floats, beside the same in floats;
 * {@code gigaweights} are weights passed a second. The matrices are larger than any cache, so that
 * one token's product is bound by memory: two bytes a weight, or four.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx6g"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HalfBench {
  /** What one call passed; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public double gigaweights;

    /** Counters start each iteration at zero. */
    @Setup(Level.Iteration)
    public void clear() {
      gigaweights = 0;
    }
  }

  /** Tokens by a linear layer, in one of three types, on some threads. */
  @State(Scope.Benchmark)
  public static class Layer {
    @Param({"1", "2"})
    public int threads;

    @Param({"F32", "BF16", "F16"})
    public DType type;

    @Param({"1x65536x2048", "1x8192x2048", "4x65536x2048", "64x8192x2048"})
    public String shape;

    int tokens;
    int out;
    int in;
    float[] x;
    float[] w;
    HalfMatrix half;
    float[] y;
    final MatMulKernel kernel = Backends.chosen().matMul();

    /** Fills the operands, and compares the product of 16 bits with that of its floats. */
    @Setup
    public void fill() {
      int[] parts = Arrays.stream(shape.split("x")).mapToInt(Integer::parseInt).toArray();
      tokens = parts[0];
      out = parts[1];
      in = parts[2];
      Random random = new Random(1);
      x = new float[tokens * in];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextFloat() - 0.5f;
      }
      short[] bits = new short[out * in];
      for (int i = 0; i < bits.length; i++) {
        float v = random.nextFloat() - 0.5f;
        bits[i] =
            type == DType.F16
                ? Float.floatToFloat16(v)
                : (short) (Float.floatToRawIntBits(v) >>> 16);
      }
      half = new HalfMatrix(type == DType.F16 ? DType.F16 : DType.BF16, out, in, bits);
      w = half.toTensor().data();
      y = new float[tokens * out];
      kernel.xwt(tokens, x, 0, half, y, 0);
      float[] expected = new float[y.length];
      kernel.xwt(tokens, out, in, x, 0, in, w, 0, in, expected, 0, out, false);
      for (int i = 0; i < y.length; i++) {
        if (Math.abs(expected[i] - y[i]) > 1e-4f) {
          throw new IllegalStateException("16 bits give " + y[i] + ", floats " + expected[i]);
        }
      }
      if (type == DType.F32) {
        half = null;
      } else {
        w = null;
      }
    }
  }

  /** {@code y = x·wᵀ}. */
  @Benchmark
  public float product(Layer l, Work work) {
    Parallel.limited(
        l.threads,
        () -> {
          if (l.half == null) {
            l.kernel.xwt(l.tokens, l.out, l.in, l.x, 0, l.in, l.w, 0, l.in, l.y, 0, l.out, false);
          } else {
            l.kernel.xwt(l.tokens, l.x, 0, l.half, l.y, 0);
          }
          return null;
        });
    work.gigaweights += 1e-9 * l.out * l.in;
    return l.y[0];
  }
}
