package dev.ashlar.cli.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Notices when the JIT compiler does something. Java counts the compiler's time only when a method
 * is done, which for a vector kernel on a busy machine may be a second later; so processor time
 * that no thread of Java's took counts too: it is the compiler's, but for the collector's.
 */
final class CompilerWatch {
  /** Processor time is counted in hundredths of a second. */
  private static final long NOTICED_NANOS = 30_000_000L;

  /** Asking costs some ten microseconds. */
  private static final long PAUSE_NANOS = 10_000_000L;

  private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();
  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private long finished = finished();
  private long beside = beside();
  private long asked = System.nanoTime();

  /** Whether it did something since this was last true. */
  boolean noticed() {
    long now = System.nanoTime();
    if (now - asked < PAUSE_NANOS) {
      return false;
    }
    asked = now;
    long newFinished = finished();
    long newBeside = beside();
    if (newFinished == finished && newBeside - beside < NOTICED_NANOS) {
      return false;
    }
    finished = newFinished;
    beside = newBeside;
    return true;
  }

  private static long finished() {
    return COMPILER != null && COMPILER.isCompilationTimeMonitoringSupported()
        ? COMPILER.getTotalCompilationTime()
        : 0;
  }

  /** Processor time of the process that no thread of Java's took; 0 where nobody counts it. */
  private static long beside() {
    if (!THREADS.isThreadCpuTimeSupported() || !THREADS.isThreadCpuTimeEnabled()) {
      return 0;
    }
    long threads =
        Arrays.stream(THREADS.getThreadCpuTime(THREADS.getAllThreadIds()))
            .filter(nanos -> nanos > 0)
            .sum();
    return SYSTEM.getProcessCpuTime() - threads;
  }
}
