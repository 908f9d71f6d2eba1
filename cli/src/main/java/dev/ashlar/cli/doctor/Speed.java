package dev.ashlar.cli.doctor;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.kernel.ProbeKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Quick measurements of the two speeds that bound everything, arithmetic and reading memory, and of
 * the two products that should come near them.
 *
 * @param ceiling billions of float operations per second that the processor can do
 * @param products the same in a product of large matrices
 * @param reading billions of bytes per second read from memory
 * @param packed billions of bytes of 4-bit weights per second that products for one token take in
 * @param rounded the same with activations rounded to bytes
 */
record Speed(double ceiling, double products, double reading, double packed, double rounded) {
  private static final int SIDE = 768;
  private static final int PROBE_STEPS = 1 << 17;
  private static final int WORDS = 32 << 20;
  private static final int GRAIN = 1 << 20;
  private static final int PACKED_SIDE = 4096;

  /** Copies of the packed matrix: together more than the caches hold. */
  private static final int COPIES = 12;

  /** A time this much better than the best so far says that the compiler is not done yet. */
  private static final double BETTER = 0.95;

  private static final long CALM_NANOS = 1_000_000_000L;
  private static final long PATIENCE_NANOS = 6_000_000_000L;
  private static final int ROUNDS = 9;

  /** This machine's, by the backend of the process. */
  static Speed measured() {
    PackedMatrix[] weights = packedBeyondCaches();
    return new Speed(
        onRegisters(),
        gflops(),
        readGigabytes(),
        packedGigabytes(weights, ActivationPrecision.FLOAT),
        packedGigabytes(weights, ActivationPrecision.INT8));
  }

  /** On registers alone. */
  private static double onRegisters() {
    ProbeKernel probe = Backends.chosen().probe();
    int threads = Parallel.threads();
    // A cache line and more between what the threads write.
    int apart = 64 + probe.width();
    float[] sums = new float[threads * apart];
    double[] done = new double[1];
    double nanos =
        median(
            () ->
                Parallel.rows(
                    threads,
                    1,
                    (from, to) -> {
                      for (int i = from; i < to; i++) {
                        double operations = probe.multiplyAdds(PROBE_STEPS, sums, i * apart);
                        if (i == 0) {
                          done[0] = operations;
                        }
                      }
                    }));
    return threads * done[0] / nanos;
  }

  private static double gflops() {
    float[] a = new float[SIDE * SIDE];
    float[] b = new float[SIDE * SIDE];
    float[] c = new float[SIDE * SIDE];
    Arrays.fill(a, 0.5f);
    Arrays.fill(b, 0.25f);
    MatMulKernel kernel = Backends.chosen().matMul();
    double nanos =
        median(() -> kernel.xwt(SIDE, SIDE, SIDE, a, 0, SIDE, b, 0, SIDE, c, 0, SIDE, false));
    return 2.0 * SIDE * SIDE * SIDE / nanos;
  }

  /** Far beyond any cache. */
  private static double readGigabytes() {
    int[] words = new int[WORDS];
    AtomicLong sink = new AtomicLong();
    double nanos =
        median(
            () ->
                Parallel.rows(
                    WORDS,
                    GRAIN,
                    (from, to) -> {
                      int sum = 0;
                      for (int i = from; i < to; i++) {
                        sum += words[i];
                      }
                      sink.addAndGet(sum);
                    }));
    return 4.0 * WORDS / nanos;
  }

  private static PackedMatrix[] packedBeyondCaches() {
    PackedKernel kernel = Backends.chosen().packed();
    IntegerGrid scheme = new IntegerGrid(4, 128, true);
    int groups = PACKED_SIDE * scheme.groups(PACKED_SIDE);
    float[] scales = new float[groups];
    byte[] zeros = new byte[groups];
    Arrays.fill(scales, 0.01f);
    Arrays.fill(zeros, (byte) scheme.middle());
    byte[] codes = new byte[PACKED_SIDE * PACKED_SIDE];
    PackedMatrix[] copies = new PackedMatrix[COPIES];
    for (int i = 0; i < COPIES; i++) {
      copies[i] =
          kernel.pack(new QuantizedMatrix(PACKED_SIDE, PACKED_SIDE, scheme, codes, scales, zeros));
    }
    return copies;
  }

  private static double packedGigabytes(PackedMatrix[] copies, ActivationPrecision activations) {
    PackedKernel kernel = Backends.chosen().packed();
    float[] x = new float[PACKED_SIDE];
    float[] y = new float[PACKED_SIDE];
    Arrays.fill(x, 0.5f);
    double nanos =
        median(
            () -> {
              for (PackedMatrix w : copies) {
                kernel.multiply(1, x, 0, w, activations, y, 0);
              }
            });
    return COPIES * copies[0].byteSize() / nanos;
  }

  private static double median(Runnable work) {
    settle(work);
    double[] times = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      times[i] = time(work);
    }
    Arrays.sort(times);
    return times[ROUNDS / 2];
  }

  /** Calls until it gets no faster: a fixed time is too short for a busy compiler. */
  private static void settle(Runnable work) {
    long begin = System.nanoTime();
    long improved = begin;
    double best = Double.MAX_VALUE;
    long now = begin;
    while (now - improved < CALM_NANOS && now - begin < PATIENCE_NANOS) {
      double t = time(work);
      now = System.nanoTime();
      if (t < BETTER * best) {
        improved = now;
      }
      best = Math.min(best, t);
    }
  }

  private static double time(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return System.nanoTime() - start;
  }
}
