package dev.ashlar.bench.laboratory;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
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
 * Dot products of 64 floats, as attention has them: how the lanes are summed at the end. {@code
 * reduceLanes} is not an option whatever its speed: its bits change when the code is compiled.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class SumLab {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int DIM = 64;
  private static final int DOTS = 256;

  private static final VectorShuffle<Float> TURN_8 = turn(8);
  private static final VectorShuffle<Float> TURN_4 = turn(4);
  private static final VectorShuffle<Float> TURN_2 = turn(2);
  private static final VectorShuffle<Float> TURN_1 = turn(1);

  private final float[] keys = new float[DOTS * DIM];
  private final float[] query = new float[DIM];
  private final float[] scores = new float[DOTS];
  private final float[] lanes = new float[L];

  private static VectorShuffle<Float> turn(int by) {
    return VectorShuffle.fromOp(F, i -> (i + by) % L);
  }

  /** Random numbers; checks each variant. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    for (int i = 0; i < keys.length; i++) {
      keys[i] = random.nextFloat() - 0.5f;
    }
    for (int i = 0; i < DIM; i++) {
      query[i] = random.nextFloat() - 0.5f;
    }
    check(reduceLanes());
    check(shuffles());
    check(throughAnArray());
    check(scalar());
  }

  private void check(float[] found) {
    for (int d = 0; d < DOTS; d++) {
      double sum = 0;
      for (int i = 0; i < DIM; i++) {
        sum += (double) keys[d * DIM + i] * query[i];
      }
      Answers.agree(sum, found[d], 1e-5);
    }
  }

  private FloatVector products(int d) {
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < DIM; i += L) {
      sum =
          FloatVector.fromArray(F, keys, d * DIM + i).fma(FloatVector.fromArray(F, query, i), sum);
    }
    return sum;
  }

  @Benchmark
  @OperationsPerInvocation(DOTS)
  public float[] reduceLanes() {
    for (int d = 0; d < DOTS; d++) {
      scores[d] = products(d).reduceLanes(VectorOperators.ADD);
    }
    return scores;
  }

  /** A tree of halves by shuffles. */
  @Benchmark
  @OperationsPerInvocation(DOTS)
  public float[] shuffles() {
    for (int d = 0; d < DOTS; d++) {
      FloatVector s = products(d);
      if (L >= 16) {
        s = s.add(s.rearrange(TURN_8));
      }
      if (L >= 8) {
        s = s.add(s.rearrange(TURN_4));
      }
      s = s.add(s.rearrange(TURN_2));
      scores[d] = s.add(s.rearrange(TURN_1)).lane(0);
    }
    return scores;
  }

  /** The same tree over lanes that were stored. */
  @Benchmark
  @OperationsPerInvocation(DOTS)
  public float[] throughAnArray() {
    for (int d = 0; d < DOTS; d++) {
      products(d).intoArray(lanes, 0);
      for (int half = L / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
          lanes[i] += lanes[i + half];
        }
      }
      scores[d] = lanes[0];
    }
    return scores;
  }

  /** A plain loop: the compiler may not reorder its sum. */
  @Benchmark
  @OperationsPerInvocation(DOTS)
  public float[] scalar() {
    for (int d = 0; d < DOTS; d++) {
      float sum = 0;
      for (int i = 0; i < DIM; i++) {
        sum += keys[d * DIM + i] * query[i];
      }
      scores[d] = sum;
    }
    return scores;
  }
}
