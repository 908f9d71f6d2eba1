package dev.ashlar.cli.doctor;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** Quick measurements of the two speeds that bound everything: arithmetic and reading memory. */
final class Speed {
  private static final int SIDE = 768;
  private static final int WORDS = 32 << 20;
  private static final int GRAIN = 1 << 20;
  private static final long WARM_NANOS = 400_000_000L;
  private static final int ROUNDS = 9;

  private Speed() {}

  /** Billions of float operations per second in a product of three square matrices. */
  static double gflops() {
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

  /** Billions of bytes per second read from memory, far beyond any cache. */
  static double readGigabytes() {
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

  private static double median(Runnable work) {
    long end = System.nanoTime() + WARM_NANOS;
    do {
      work.run();
    } while (System.nanoTime() < end);
    double[] times = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      work.run();
      times[i] = System.nanoTime() - start;
    }
    Arrays.sort(times);
    return times[ROUNDS / 2];
  }
}
