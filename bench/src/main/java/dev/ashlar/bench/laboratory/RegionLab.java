package dev.ashlar.bench.laboratory;

import dev.ashlar.tensor.Parallel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to let another thread do half of next to nothing, and wait for it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class RegionLab {
  private static final int HALVES = 2;

  /** Two cache lines apart. */
  private static final int APART = 32;

  private final int[] counters = new int[HALVES * APART];
  private ExecutorService fixed;
  private ExecutorService virtual;
  private ForkJoinPool forkJoin;

  /** Starts what is kept; checks that both halves are done when each variant returns. */
  @Setup
  public void start() throws Exception {
    fixed = Executors.newFixedThreadPool(1);
    virtual = Executors.newVirtualThreadPerTaskExecutor();
    forkJoin = new ForkJoinPool(1);
    int before = counters[0];
    library();
    executor();
    forkJoin();
    virtualThread();
    platformThread();
    for (int h = 0; h < HALVES; h++) {
      Answers.agree(before + 5, counters[h * APART], 0);
    }
  }

  /** Ends them. */
  @TearDown
  public void end() {
    fixed.shutdown();
    virtual.shutdown();
    forkJoin.shutdown();
  }

  private void half(int h) {
    counters[h * APART]++;
  }

  /** The library's pool, whose threads spin for a moment. */
  @Benchmark
  public void library() {
    Parallel.rows(
        HALVES,
        1,
        (from, to) -> {
          for (int h = from; h < to; h++) {
            half(h);
          }
        });
  }

  @Benchmark
  public void executor() throws Exception {
    Future<?> other = fixed.submit(() -> half(1));
    half(0);
    other.get();
  }

  @Benchmark
  public void forkJoin() throws Exception {
    Future<?> other = forkJoin.submit(() -> half(1));
    half(0);
    other.get();
  }

  @Benchmark
  public void virtualThread() throws Exception {
    Future<?> other = virtual.submit(() -> half(1));
    half(0);
    other.get();
  }

  @Benchmark
  public void platformThread() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              half(1);
              done.countDown();
            });
    other.start();
    half(0);
    done.await();
    other.join();
  }
}
