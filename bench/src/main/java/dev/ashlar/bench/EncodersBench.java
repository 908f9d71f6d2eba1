package dev.ashlar.bench;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.tensor.blocks.Row;
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

/** Floats into GGUF blocks, one thread, in nanoseconds per weight. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class EncodersBench {
  private static final int ROWS = 16;
  private static final int IN = 1536;

  @Param({"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "Q4_0", "MXFP4"})
  public GgufType type;

  @Param({"false", "true"})
  public boolean importance;

  private final Row[] rows = new Row[ROWS];
  private byte[] bytes;

  /** Fills the rows; a column in a hundred is four times as large as the others. */
  @Setup
  public void fill() {
    Random random = new Random(3);
    float[] counts = new float[IN];
    for (int i = 0; i < IN; i++) {
      counts[i] = (float) Math.exp(random.nextGaussian());
    }
    for (int r = 0; r < ROWS; r++) {
      float[] values = new float[IN];
      for (int i = 0; i < IN; i++) {
        values[i] = (float) (random.nextGaussian() * (i % 97 == 0 ? 0.2 : 0.05));
      }
      rows[r] = new Row(values, importance ? counts : null);
    }
    bytes = new byte[IN / type.elements() * type.bytes()];
    encode();
    float[] again = new float[IN];
    type.widen(bytes, 0, again, IN);
    double error = 0;
    double square = 0;
    for (int i = 0; i < IN; i++) {
      double x = rows[ROWS - 1].values()[i];
      error += (again[i] - x) * (again[i] - x);
      square += x * x;
    }
    if (!(error < 0.2 * square)) {
      throw new IllegalStateException(type + ": error " + Math.sqrt(error / square));
    }
  }

  @Benchmark
  @OperationsPerInvocation(ROWS * IN)
  public byte[] encode() {
    for (Row row : rows) {
      for (int b = 0; b < IN / type.elements(); b++) {
        type.encoder().encode(row, b * type.elements(), bytes, b * type.bytes());
      }
    }
    return bytes;
  }
}
