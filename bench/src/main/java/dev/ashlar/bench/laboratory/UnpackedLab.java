package dev.ashlar.bench.laboratory;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A product by a register tile that reads both operands where they lie, which saves the packing and
 * pays for it with strides: against the library's packed product, one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class UnpackedLab {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int ROWS = 4;
  private static final int COLUMNS = 4 * L;

  /** Rows of the result; its columns and the depth are {@link #side}. */
  private static final int TOKENS = 512;

  @Param({"576", "1024"})
  public int side;

  private float[] x;
  private float[] w;
  private float[] y;

  /** Random operands; checks a few answers. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    x = new float[TOKENS * side];
    w = new float[side * side];
    y = new float[TOKENS * side];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    for (int i = 0; i < w.length; i++) {
      w[i] = random.nextFloat() - 0.5f;
    }
    unpacked();
    float[] found = y.clone();
    packed();
    for (int i = 0; i < y.length; i += 97) {
      Answers.agree(y[i], found[i], 1e-3);
    }
  }

  /** What the library does. */
  @Benchmark
  public float[] packed() {
    return Parallel.limited(
        1,
        () -> {
          Backends.chosen()
              .matMul()
              .xw(TOKENS, side, side, x, 0, side, w, 0, side, y, 0, side, false);
          return y;
        });
  }

  @Benchmark
  public float[] unpacked() {
    for (int j = 0; j < side; j += COLUMNS) {
      for (int i = 0; i < TOKENS; i += ROWS) {
        tile(side, x, i * side, w, j, y, i * side + j);
      }
    }
    return y;
  }

  private static void tile(int n, float[] a, int aOff, float[] b, int bOff, float[] c, int cOff) {
    FloatVector s00 = FloatVector.zero(F);
    FloatVector s01 = s00;
    FloatVector s02 = s00;
    FloatVector s03 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s12 = s00;
    FloatVector s13 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s22 = s00;
    FloatVector s23 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    FloatVector s32 = s00;
    FloatVector s33 = s00;
    for (int k = 0; k < n; k++) {
      int at = bOff + k * n;
      FloatVector b0 = FloatVector.fromArray(F, b, at);
      FloatVector b1 = FloatVector.fromArray(F, b, at + L);
      FloatVector b2 = FloatVector.fromArray(F, b, at + 2 * L);
      FloatVector b3 = FloatVector.fromArray(F, b, at + 3 * L);
      FloatVector a0 = FloatVector.broadcast(F, a[aOff + k]);
      s00 = a0.fma(b0, s00);
      s01 = a0.fma(b1, s01);
      s02 = a0.fma(b2, s02);
      s03 = a0.fma(b3, s03);
      FloatVector a1 = FloatVector.broadcast(F, a[aOff + n + k]);
      s10 = a1.fma(b0, s10);
      s11 = a1.fma(b1, s11);
      s12 = a1.fma(b2, s12);
      s13 = a1.fma(b3, s13);
      FloatVector a2 = FloatVector.broadcast(F, a[aOff + 2 * n + k]);
      s20 = a2.fma(b0, s20);
      s21 = a2.fma(b1, s21);
      s22 = a2.fma(b2, s22);
      s23 = a2.fma(b3, s23);
      FloatVector a3 = FloatVector.broadcast(F, a[aOff + 3 * n + k]);
      s30 = a3.fma(b0, s30);
      s31 = a3.fma(b1, s31);
      s32 = a3.fma(b2, s32);
      s33 = a3.fma(b3, s33);
    }
    store(s00, s01, s02, s03, c, cOff);
    store(s10, s11, s12, s13, c, cOff + n);
    store(s20, s21, s22, s23, c, cOff + 2 * n);
    store(s30, s31, s32, s33, c, cOff + 3 * n);
  }

  private static void store(
      FloatVector a, FloatVector b, FloatVector c, FloatVector d, float[] to, int off) {
    a.intoArray(to, off);
    b.intoArray(to, off + L);
    c.intoArray(to, off + 2 * L);
    d.intoArray(to, off + 3 * L);
  }
}
