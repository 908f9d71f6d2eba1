package dev.ashlar.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
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

/**
 * One iteration of SignRound on a block of SmolLM2's shape with random weights, batch 4 of 256
 * tokens, 4 bits in groups of 64: forward, backward and sign step.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
public class TuningBench {
  private static final int BITS = 4;
  private static final int LENGTH = 256;
  private static final int SAMPLES = 8;
  private static final int BATCH = 4;
  private static final int ITERATIONS = 10;
  private static final int MANY = 60;

  @Param({"1", "2"})
  public int threads;

  private UnitTask task;

  /** Makes the block, and its float outputs for random inputs. */
  @Setup
  public void prepare() {
    task = SmolTask.of(BITS, SAMPLES, LENGTH, BATCH);
  }

  @Benchmark
  @OperationsPerInvocation(ITERATIONS)
  public UnitResult iteration() {
    return tune(ITERATIONS);
  }

  /**
   * The same in a longer run. What one iteration allocates is the difference of two runs, which
   * both take their buffers first: with {@code -prof gc}, (60 · this − 10 · {@link #iteration}) /
   * 50.
   */
  @Benchmark
  @OperationsPerInvocation(MANY)
  public UnitResult iterationOfMany() {
    return tune(MANY);
  }

  private UnitResult tune(int iterations) {
    return Parallel.limited(
        threads, () -> new SignRound(SignRoundOptions.of(iterations)).quantize(task));
  }
}
