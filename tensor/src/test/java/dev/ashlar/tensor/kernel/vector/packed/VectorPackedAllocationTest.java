package dev.ashlar.tensor.kernel.vector.packed;

import static org.junit.jupiter.api.Assertions.fail;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Once compiled, products allocate next to nothing: no vector is boxed, every buffer is found
 * again.
 */
class VectorPackedAllocationTest {
  /** The captured loop body of a parallel region and what else is small. */
  private static final long BYTES_PER_PRODUCT = 1024;

  private static final int ROUND = 20;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 20})
  void steadyProductsAllocateNothing(int m) {
    steady(m, 3, ActivationPrecision.FLOAT);
  }

  @ParameterizedTest
  @CsvSource({"1, 4", "4, 4", "20, 4", "1, 2", "20, 2"})
  void thoseOfRoundedActivationsNeither(int m, int bits) {
    steady(m, bits, ActivationPrecision.INT8);
  }

  private static void steady(int m, int bits, ActivationPrecision activations) {
    VectorPacked kernel = new VectorPacked();
    int out = 128;
    int in = 264;
    PackedMatrix w = kernel.pack(weight(out, in, bits));
    float[] x = new float[m * in];
    float[] y = new float[m * out];
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    long used = Long.MAX_VALUE;
    while (System.nanoTime() < deadline) {
      long before = allocated();
      Parallel.limited(
          1,
          () -> {
            for (int i = 0; i < ROUND; i++) {
              kernel.multiply(m, x, 0, w, activations, y, 0);
            }
            return null;
          });
      used = (allocated() - before) / ROUND;
      if (used < BYTES_PER_PRODUCT) {
        return;
      }
    }
    fail(used + " bytes per product of " + m + " rows");
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

  /** Bytes that this thread has allocated, by the JDK's own extension, which is not required. */
  private static long allocated() {
    try {
      Object bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return (long)
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes")
              .invoke(bean);
    } catch (ReflectiveOperationException e) {
      return Assumptions.abort("skipped: this JDK does not count allocations");
    }
  }
}
