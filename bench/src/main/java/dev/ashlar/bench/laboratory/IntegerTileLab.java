package dev.ashlar.bench.laboratory;

import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
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
 * Many rows of rounded activations by codes of 4 bits, both taken apart before: multiplied as
 * floats by the library's register tile, which is what happens, or as integers. One thread; the
 * width is the JVM's ({@code -jvmArgsAppend -XX:UseAVX=2} for what 256 bits of AVX2 do).
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class IntegerTileLab {
  private static final int DEPTH = 576;
  private static final int CENTER = 8;

  /** Largest code of an activation: with it 64 products sum up within a short. */
  private static final int MOST = 63;

  /** What one call computed; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public double gigaoperations;

    /** Counters start each iteration at zero. */
    @Setup(Level.Iteration)
    public void clear() {
      gigaoperations = 0;
    }

    void add(int rows, int columns) {
      gigaoperations += 2e-9 * rows * columns * DEPTH;
    }
  }

  /** The same numbers in both forms. */
  @State(Scope.Thread)
  public static class Panels {
    @Param({"32", "64"})
    int group;

    final float[] strip = new float[DEPTH * Lanes.STRIP];
    final float[] panel = new float[DEPTH * Lanes.PANEL];
    final float[] tile = new float[RegisterTile.SPARE];
    final int[] a = new int[DEPTH / 2 * IntegerTile.ROWS];
    final int[] b = new int[DEPTH / 2 * IntegerTile.PANEL];
    float[] steps;
    float[] scales;
    final float[] sums = new float[IntegerTile.ROWS * IntegerTile.PANEL];
    final float[] c = new float[IntegerTile.ROWS * IntegerTile.PANEL];

    /** Random codes, steps and scales; checks both products. */
    @Setup
    public void fill() {
      Random random = new Random(1);
      steps = new float[DEPTH / group * IntegerTile.ROWS];
      scales = new float[DEPTH / group * IntegerTile.PANEL];
      for (int i = 0; i < steps.length; i++) {
        steps[i] = random.nextFloat();
      }
      for (int i = 0; i < scales.length; i++) {
        scales[i] = random.nextFloat();
      }
      int[][] x = new int[IntegerTile.ROWS][DEPTH];
      int[][] w = new int[IntegerTile.PANEL][DEPTH];
      for (int k = 0; k < DEPTH; k++) {
        int shift = k % 2 * Short.SIZE;
        for (int r = 0; r < x.length; r++) {
          x[r][k] = random.nextInt(2 * MOST + 1) - MOST;
          a[k / 2 * x.length + r] |= (x[r][k] & 0xFFFF) << shift;
          strip[k * Lanes.STRIP + r] = x[r][k] * steps[k / group * x.length + r];
        }
        for (int j = 0; j < w.length; j++) {
          w[j][k] = random.nextInt(2 * CENTER) - CENTER;
          b[k / 2 * w.length + j] |= (w[j][k] & 0xFFFF) << shift;
          panel[k * Lanes.PANEL + j] = w[j][k] * scales[k / group * w.length + j];
        }
      }
      IntegerTileLab lab = new IntegerTileLab();
      lab.floats(this, new Work());
      lab.integers(this, new Work());
      for (int r = 0; r < x.length; r++) {
        for (int j = 0; j < w.length; j++) {
          double sum = 0;
          double size = 0;
          for (int k = 0; k < DEPTH; k++) {
            int g = k / group;
            double product = (double) x[r][k] * w[j][k] * steps[g * x.length + r];
            product *= scales[g * w.length + j];
            sum += product;
            size += Math.abs(product);
          }
          Answers.agree(sum, tile[r * Lanes.PANEL + j], 1e-5 * size);
          Answers.agree(sum, c[r * w.length + j], 1e-5 * size);
        }
      }
    }
  }

  /** The library's tile. */
  @Benchmark
  public float floats(Panels p, Work work) {
    RegisterTile.full(DEPTH, p.strip, 0, p.panel, 0, p.tile, 0, Lanes.PANEL, false);
    work.add(Lanes.TILE_ROWS, Lanes.PANEL);
    return p.tile[0];
  }

  @Benchmark
  public float integers(Panels p, Work work) {
    int groups = DEPTH / p.group;
    IntegerTile.multiply(groups, p.group / 2, p.a, p.b, p.steps, p.scales, p.sums, p.c);
    work.add(IntegerTile.ROWS, IntegerTile.PANEL);
    return p.c[0];
  }
}
