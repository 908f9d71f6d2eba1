package dev.ashlar.tensor.kernel.vector.packed;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.OwnJvm;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Once compiled, products allocate next to nothing: no vector is boxed, every buffer is found
 * again. Each is looked at in a JVM of its own, as a program has it. Behind all other kernels'
 * tests the compiler was seen to leave some boxes of a product at 128 bits, in one of six starts,
 * though its log says that every operation was inlined; why is not known.
 */
class VectorPackedAllocationTest {
  /** The captured loop body of a parallel region and what else is small. */
  private static final long BYTES_PER_PRODUCT = 1024;

  private static final int ROUND = 20;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /** What the other JVM runs: a product again and again until it allocates next to nothing. */
  static final class Program {
    private Program() {}

    /** Rows, bits and activations; ends with 1 if the product goes on allocating. */
    public static void main(String[] arguments) {
      int m = Integer.parseInt(arguments[0]);
      long used =
          settled(m, Integer.parseInt(arguments[1]), ActivationPrecision.valueOf(arguments[2]));
      if (used >= BYTES_PER_PRODUCT) {
        System.err.println(used + " bytes per product of " + m + " rows");
        System.exit(1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, FLOAT",
    "4, 3, FLOAT",
    "20, 3, FLOAT",
    "1, 4, INT8",
    "4, 4, INT8",
    "20, 4, INT8",
    "1, 2, INT8",
    "20, 2, INT8"
  })
  void steadyProductsAllocateNothing(int m, int bits, ActivationPrecision activations)
      throws IOException, InterruptedException {
    OwnJvm.allocated();
    OwnJvm.run(
            Program.class,
            List.of(
                "--add-modules",
                "jdk.incubator.vector",
                "-XX:MaxVectorSize=" + Lanes.L * Float.BYTES),
            List.of("" + m, "" + bits, activations.name()))
        .succeeded();
  }

  /** Bytes that a product allocates when it allocates little, or when patience ends. */
  private static long settled(int m, int bits, ActivationPrecision activations) {
    VectorPacked kernel = new VectorPacked();
    int out = 128;
    int in = 264;
    PackedMatrix w = kernel.pack(weight(out, in, bits));
    float[] x = new float[m * in];
    float[] y = new float[m * out];
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long used = Long.MAX_VALUE;
    while (used >= BYTES_PER_PRODUCT && System.nanoTime() < deadline) {
      long before = OwnJvm.allocated();
      Parallel.limited(
          1,
          () -> {
            for (int i = 0; i < ROUND; i++) {
              kernel.multiply(m, x, 0, w, activations, y, 0);
            }
            return null;
          });
      used = (OwnJvm.allocated() - before) / ROUND;
    }
    return used;
  }

  /** Columns that do not fill the last unit, so that activations are gathered. */
  private static QuantizedMatrix weight(int out, int in, int bits) {
    IntegerGrid scheme = new IntegerGrid(bits, 64, false);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * scheme.groups(in)];
    float[] scales = new float[zeros.length];
    Arrays.fill(scales, 0.5f);
    zeros[1] = 1;
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }
}
