package dev.ashlar.bench;

import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.signround.SignRound;
import dev.ashlar.tuning.signround.SignRoundOptions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private static final int DIM = SmolBlock.DIM;
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
    Unit unit = Unit.of(List.of(Architectures.load(new SmolBlock()).block(0)));
    Activations inputs = Activations.zeros(SAMPLES, LENGTH, DIM);
    Activations targets = Activations.zeros(SAMPLES, LENGTH, DIM);
    Random random = new Random(1);
    Tape tape = Tape.off();
    BlockContext context = BlockContext.of(1, LENGTH);
    for (int i = 0; i < SAMPLES; i++) {
      float[] x = new float[LENGTH * DIM];
      for (int j = 0; j < x.length; j++) {
        x[j] = (float) random.nextGaussian();
      }
      Tensor in = Tensor.of(x, 1, LENGTH, DIM);
      inputs.write(i, 1, in);
      targets.write(i, 1, unit.forward(in, context, tape));
      tape.release(0, null);
    }
    Map<String, QuantScheme> schemes = new LinkedHashMap<>();
    unit.weights().keySet().forEach(n -> schemes.put(n, new IntegerGrid(4, 64, false)));
    boolean[][] counted = new boolean[SAMPLES][LENGTH];
    for (boolean[] c : counted) {
      Arrays.fill(c, true);
    }
    task =
        new UnitTask(0, unit, schemes, inputs, targets, counted, BATCH, 1, 7, (i, of, loss) -> {});
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
