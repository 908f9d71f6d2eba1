package dev.ashlar.bench.laboratory;

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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Register tiles of several shapes over panels that the caches hold; one thread. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class TileLab {
  private static final int DEPTH = 288;
  private static final int MOST_ROWS = 16;
  private static final int MOST_COLUMNS = 64;

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

    void add(int rows, int columns) {
      gigaflops += 2e-9 * rows * columns * DEPTH;
    }
  }

  private interface Tile {
    void multiply(int k, float[] a, float[] b, float[] c);
  }

  /** Packed operands, large enough for every shape. */
  @State(Scope.Thread)
  public static class Panels {
    final float[] a = new float[DEPTH * MOST_ROWS];
    final float[] b = new float[DEPTH * MOST_COLUMNS];
    final float[] c = new float[MOST_ROWS * MOST_COLUMNS];

    /** Fills them, and checks what each shape makes of them. */
    @Setup
    public void fill() {
      Random random = new Random(1);
      for (int i = 0; i < a.length; i++) {
        a[i] = random.nextFloat() - 0.5f;
      }
      for (int i = 0; i < b.length; i++) {
        b[i] = random.nextFloat() - 0.5f;
      }
      check(Tile6x4::multiply, Tile6x4.ROWS, Tile6x4.STRIP, Tile6x4.PANEL);
      check(Tile6x4Separate::multiply, Tile6x4.ROWS, Tile6x4.STRIP, Tile6x4.PANEL);
      check(Tile12x2::multiply, Tile12x2.ROWS, Tile12x2.STRIP, Tile12x2.PANEL);
      check(Tile14x2::multiply, Tile14x2.ROWS, Tile14x2.STRIP, Tile14x2.PANEL);
      check(Tile9x3::multiply, Tile9x3.ROWS, Tile9x3.STRIP, Tile9x3.PANEL);
    }

    private void check(Tile tile, int rows, int strip, int panel) {
      tile.multiply(DEPTH, a, b, c);
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < panel; j++) {
          double sum = 0;
          for (int i = 0; i < DEPTH; i++) {
            sum += (double) a[strip * i + r] * b[panel * i + j];
          }
          Answers.agree(sum, c[r * panel + j], 1e-4);
        }
      }
    }
  }

  /** The library's shape. */
  @Benchmark
  public float tile6x4(Panels p, Work work) {
    Tile6x4.multiply(DEPTH, p.a, p.b, p.c);
    work.add(Tile6x4.ROWS, Tile6x4.PANEL);
    return p.c[0];
  }

  @Benchmark
  public float tile6x4MultiplyThenAdd(Panels p, Work work) {
    Tile6x4Separate.multiply(DEPTH, p.a, p.b, p.c);
    work.add(Tile6x4Separate.ROWS, Tile6x4Separate.PANEL);
    return p.c[0];
  }

  @Benchmark
  public float tile12x2(Panels p, Work work) {
    Tile12x2.multiply(DEPTH, p.a, p.b, p.c);
    work.add(Tile12x2.ROWS, Tile12x2.PANEL);
    return p.c[0];
  }

  @Benchmark
  public float tile14x2(Panels p, Work work) {
    Tile14x2.multiply(DEPTH, p.a, p.b, p.c);
    work.add(Tile14x2.ROWS, Tile14x2.PANEL);
    return p.c[0];
  }

  @Benchmark
  public float tile9x3(Panels p, Work work) {
    Tile9x3.multiply(DEPTH, p.a, p.b, p.c);
    work.add(Tile9x3.ROWS, Tile9x3.PANEL);
    return p.c[0];
  }
}
