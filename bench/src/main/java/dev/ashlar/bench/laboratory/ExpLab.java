package dev.ashlar.bench.laboratory;

import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Exponentials, SiLU and softmax: the library's polynomials, {@code lanewise(EXP)} (a native
 * library of the JDK), and loops over {@link Math}. Nanoseconds per element, one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class ExpLab {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int N = 8192;
  private static final int ROW = 512;

  private final Backend library = Backends.chosen();
  private final float[] x = new float[N];
  private final float[] y = new float[N];

  /** Random arguments; checks each variant. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    for (int i = 0; i < N; i++) {
      x[i] = random.nextFloat() * 16 - 8;
    }
    for (int i = 0; i < N; i++) {
      double e = Math.exp(x[i]);
      Answers.agree(e, expLibrary()[i], 2e-7 * e);
      if (i % 64 == 0) {
        Answers.agree(e, expLanewise()[i], 2e-7 * e);
        Answers.agree(e, expMath()[i], 2e-7 * e);
        double silu = x[i] / (1 + Math.exp(-x[i]));
        Answers.agree(silu, siluLibrary()[i], 4e-7 * Math.abs(silu));
        Answers.agree(silu, siluLanewise()[i], 4e-7 * Math.abs(silu));
        Answers.agree(silu, siluMath()[i], 4e-7 * Math.abs(silu));
        Answers.agree(softmaxMath()[i], softmaxLibrary()[i], 1e-6);
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] expLibrary() {
    library.elementwise().exp(N, x, 0, y, 0);
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] expLanewise() {
    for (int i = 0; i < N; i += F.length()) {
      FloatVector.fromArray(F, x, i).lanewise(VectorOperators.EXP).intoArray(y, i);
    }
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] expMath() {
    for (int i = 0; i < N; i++) {
      y[i] = (float) Math.exp(x[i]);
    }
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] siluLibrary() {
    library.activation().forward(Function.SILU, 0, N, x, y);
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] siluLanewise() {
    for (int i = 0; i < N; i += F.length()) {
      FloatVector v = FloatVector.fromArray(F, x, i);
      v.div(v.neg().lanewise(VectorOperators.EXP).add(1f)).intoArray(y, i);
    }
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] siluMath() {
    for (int i = 0; i < N; i++) {
      y[i] = (float) (x[i] / (1 + Math.exp(-x[i])));
    }
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] softmaxLibrary() {
    library.softmax().forward(0, N / ROW, ROW, x, y);
    return y;
  }

  @Benchmark
  @OperationsPerInvocation(N)
  public float[] softmaxMath() {
    for (int r = 0; r < N; r += ROW) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = r; i < r + ROW; i++) {
        max = Math.max(max, x[i]);
      }
      float sum = 0;
      for (int i = r; i < r + ROW; i++) {
        y[i] = (float) Math.exp(x[i] - max);
        sum += y[i];
      }
      float factor = 1 / sum;
      for (int i = r; i < r + ROW; i++) {
        y[i] *= factor;
      }
    }
    return y;
  }
}
