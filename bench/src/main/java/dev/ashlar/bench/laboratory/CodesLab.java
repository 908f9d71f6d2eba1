package dev.ashlar.bench.laboratory;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Four-bit codes on their way to floats, a block of two vectors of rows by 2,048 columns: shifted
 * to the top of a mantissa and read as {@code 1 + q / 16}, or masked where they stand and converted
 * (what the library does).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class CodesLab {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final int ROWS = 2 * L;
  private static final int UNITS = 256;
  private static final int COLUMNS = 8 * UNITS;

  /** The bits of 1.0f. */
  private static final int ONE = 0x3F800000;

  private final int[] w = new int[UNITS * ROWS];
  private final float[] x = new float[COLUMNS];
  private final float[] scaled = new float[COLUMNS];
  private final float[] sums = new float[ROWS];

  /** Random numbers; checks both. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    double all = 0;
    for (int i = 0; i < w.length; i++) {
      w[i] = random.nextInt();
    }
    for (int k = 0; k < COLUMNS; k++) {
      x[k] = random.nextFloat() - 0.5f;
      scaled[k] = k % 8 == 7 ? x[k] : Math.scalb(x[k], -4 * (k % 8));
      all += x[k];
    }
    check(shifted(), 16, all);
    check(converted(), 1, 0);
  }

  private void check(float[] found, double scale, double offset) {
    for (int r = 0; r < ROWS; r++) {
      double sum = 0;
      for (int k = 0; k < COLUMNS; k++) {
        sum += (double) x[k] * (w[k / 8 * ROWS + r] >>> 4 * (k % 8) & 15);
      }
      Answers.agree(sum, scale * (found[r] - offset), 1e-2);
    }
  }

  @Benchmark
  public float[] shifted() {
    shift(w, x, sums, 15 << 19, ONE);
    return sums;
  }

  @Benchmark
  public float[] converted() {
    convert(w, scaled, sums, 15);
    return sums;
  }

  private static void shift(int[] w, float[] x, float[] sums, int maskBits, int oneBits) {
    IntVector mask = IntVector.broadcast(I, maskBits);
    IntVector one = IntVector.broadcast(I, oneBits);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector e;
    for (int u = 0; u < UNITS; u++) {
      IntVector p = IntVector.fromArray(I, w, u * ROWS);
      IntVector q = IntVector.fromArray(I, w, u * ROWS + L);
      int k = u * 8;
      e = FloatVector.broadcast(F, x[k]);
      a0 = p.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
      a1 = q.lanewise(LSHL, 19).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
      e = FloatVector.broadcast(F, x[k + 1]);
      b0 = p.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
      b1 = q.lanewise(LSHL, 15).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
      e = FloatVector.broadcast(F, x[k + 2]);
      a0 = p.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
      a1 = q.lanewise(LSHL, 11).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
      e = FloatVector.broadcast(F, x[k + 3]);
      b0 = p.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
      b1 = q.lanewise(LSHL, 7).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
      e = FloatVector.broadcast(F, x[k + 4]);
      a0 = p.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
      a1 = q.lanewise(LSHL, 3).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
      e = FloatVector.broadcast(F, x[k + 5]);
      b0 = p.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
      b1 = q.lanewise(LSHR, 1).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
      e = FloatVector.broadcast(F, x[k + 6]);
      a0 = p.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats().fma(e, a0);
      a1 = q.lanewise(LSHR, 5).and(mask).or(one).reinterpretAsFloats().fma(e, a1);
      e = FloatVector.broadcast(F, x[k + 7]);
      b0 = p.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats().fma(e, b0);
      b1 = q.lanewise(LSHR, 9).and(mask).or(one).reinterpretAsFloats().fma(e, b1);
    }
    a0.add(b0).intoArray(sums, 0);
    a1.add(b1).intoArray(sums, L);
  }

  private static void convert(int[] w, float[] scaled, float[] sums, int mask) {
    IntVector m0 = IntVector.broadcast(I, mask);
    IntVector m1 = IntVector.broadcast(I, mask << 4);
    IntVector m2 = IntVector.broadcast(I, mask << 8);
    IntVector m3 = IntVector.broadcast(I, mask << 12);
    IntVector m4 = IntVector.broadcast(I, mask << 16);
    IntVector m5 = IntVector.broadcast(I, mask << 20);
    IntVector m6 = IntVector.broadcast(I, mask << 24);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector e;
    for (int u = 0; u < UNITS; u++) {
      IntVector p = IntVector.fromArray(I, w, u * ROWS);
      IntVector q = IntVector.fromArray(I, w, u * ROWS + L);
      int k = u * 8;
      e = FloatVector.broadcast(F, scaled[k]);
      a0 = ((FloatVector) p.and(m0).convert(I2F, 0)).fma(e, a0);
      a1 = ((FloatVector) q.and(m0).convert(I2F, 0)).fma(e, a1);
      e = FloatVector.broadcast(F, scaled[k + 1]);
      b0 = ((FloatVector) p.and(m1).convert(I2F, 0)).fma(e, b0);
      b1 = ((FloatVector) q.and(m1).convert(I2F, 0)).fma(e, b1);
      e = FloatVector.broadcast(F, scaled[k + 2]);
      a0 = ((FloatVector) p.and(m2).convert(I2F, 0)).fma(e, a0);
      a1 = ((FloatVector) q.and(m2).convert(I2F, 0)).fma(e, a1);
      e = FloatVector.broadcast(F, scaled[k + 3]);
      b0 = ((FloatVector) p.and(m3).convert(I2F, 0)).fma(e, b0);
      b1 = ((FloatVector) q.and(m3).convert(I2F, 0)).fma(e, b1);
      e = FloatVector.broadcast(F, scaled[k + 4]);
      a0 = ((FloatVector) p.and(m4).convert(I2F, 0)).fma(e, a0);
      a1 = ((FloatVector) q.and(m4).convert(I2F, 0)).fma(e, a1);
      e = FloatVector.broadcast(F, scaled[k + 5]);
      b0 = ((FloatVector) p.and(m5).convert(I2F, 0)).fma(e, b0);
      b1 = ((FloatVector) q.and(m5).convert(I2F, 0)).fma(e, b1);
      e = FloatVector.broadcast(F, scaled[k + 6]);
      a0 = ((FloatVector) p.and(m6).convert(I2F, 0)).fma(e, a0);
      a1 = ((FloatVector) q.and(m6).convert(I2F, 0)).fma(e, a1);
      e = FloatVector.broadcast(F, scaled[k + 7]);
      b0 = ((FloatVector) p.lanewise(LSHR, 28).convert(I2F, 0)).fma(e, b0);
      b1 = ((FloatVector) q.lanewise(LSHR, 28).convert(I2F, 0)).fma(e, b1);
    }
    a0.add(b0).intoArray(sums, 0);
    a1.add(b1).intoArray(sums, L);
  }
}
