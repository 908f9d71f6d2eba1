package dev.ashlar.cli.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;

/**
 * Times cases: each is called until the JIT compiler has left it alone for a while, not for a fixed
 * time, since vector code runs a hundred times slower before; then all are timed in turn, and the
 * median of the rounds counts.
 *
 * @param rounds odd, so that the median is one of them
 * @param roundNanos least duration of a case in a round
 * @param quietNanos how long the compiler has to be idle
 */
record Stopwatch(int rounds, long roundNanos, long quietNanos) {
  private static final long PATIENCE_NANOS = 8_000_000_000L;
  private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

  /** Seconds of one call of each case. */
  double[] seconds(List<Case> cases) {
    int[] calls = new int[cases.size()];
    for (int i = 0; i < calls.length; i++) {
      calls[i] = warm(cases.get(i));
    }
    double[][] times = new double[calls.length][rounds];
    for (int r = 0; r < rounds; r++) {
      for (int i = 0; i < calls.length; i++) {
        times[i][r] = time(cases.get(i), calls[i]);
      }
    }
    double[] medians = new double[calls.length];
    for (int i = 0; i < calls.length; i++) {
      Arrays.sort(times[i]);
      medians[i] = times[i][rounds / 2];
    }
    return medians;
  }

  /** Calls until compiled; returns how many calls fill a round. */
  private int warm(Case c) {
    long start = System.nanoTime();
    long compiled = compilation();
    long quietSince = start;
    long now = start;
    double fastest = Double.POSITIVE_INFINITY;
    while (now - quietSince < quietNanos && now - start < PATIENCE_NANOS) {
      c.run();
      long after = System.nanoTime();
      fastest = Math.min(fastest, after - now);
      now = after;
      if (compilation() != compiled) {
        compiled = compilation();
        quietSince = now;
      }
    }
    return Math.clamp((long) Math.ceil(roundNanos / fastest), 1, 1_000_000);
  }

  private static long compilation() {
    return COMPILER != null && COMPILER.isCompilationTimeMonitoringSupported()
        ? COMPILER.getTotalCompilationTime()
        : 0;
  }

  private static double time(Case c, int calls) {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      c.run();
    }
    return (System.nanoTime() - start) * 1e-9 / calls;
  }
}
