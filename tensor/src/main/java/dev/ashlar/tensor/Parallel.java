package dev.ashlar.tensor;

import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The only place that starts threads: splits a range of independent rows over a small persistent
 * pool.
 *
 * <p>Rows are disjoint and each is computed the same way whoever computes it, so results are the
 * same bits for every thread count. Regions never nest: a region opened inside another, or while
 * another caller holds the pool, simply runs on the calling thread.
 *
 * <p>Regions use as many threads as the container's CPU limit allows, or the system property {@code
 * ashlar.threads}; {@link #limited} sets another number for a scope, smaller or larger. The pool
 * grows to what is asked of it.
 */
public final class Parallel {
  /** Work on rows {@code [from, to)}. */
  @FunctionalInterface
  public interface Body {
    void run(int from, int to);
  }

  /** Work that yields a value under {@link #limited}. */
  @FunctionalInterface
  public interface Action<T> {
    T run();
  }

  /**
   * How long an idle worker watches for the next region before it parks. Products of one token are
   * some tens of microseconds apart, waking a parked thread costs about as much.
   */
  private static final long SPIN_NANOS = 60_000;

  /**
   * How long a waiting thread keeps its core to itself. The system may have put the thread that is
   * waited for on the same core, and then spinning is all that keeps it from its work: regions of
   * ten microseconds were seen to take a hundred.
   */
  private static final long KEEP_NANOS = 4_000;

  private static final int MOST = 1024;

  private static final ScopedValue<Integer> LIMIT = ScopedValue.newInstance();
  private static final int THREADS = configuredThreads();
  private static final Pool POOL = new Pool();

  private Parallel() {}

  private static int configuredThreads() {
    int available = Runtime.getRuntime().availableProcessors();
    int asked = Integer.getInteger("ashlar.threads", available);
    return Math.clamp(asked, 1, MOST);
  }

  /** Threads that a region may use here: the process's number or that of the enclosing scope. */
  public static int threads() {
    return LIMIT.isBound() ? LIMIT.get() : THREADS;
  }

  /**
   * Runs {@code action} with at most {@code threads} threads, whatever the process's number is;
   * what it begins {@linkplain #aside aside} keeps to that too. The innermost scope counts. Results
   * do not depend on it.
   *
   * @param threads at least 1; more than 1024 count as 1024
   */
  public static <T> T limited(int threads, Action<T> action) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1: " + threads);
    }
    return ScopedValue.where(LIMIT, Math.min(threads, MOST)).call(action::run);
  }

  /**
   * Calls {@code body} on disjoint ranges that together cover {@code [0, n)}, in no particular
   * order and from several threads; returns when all are done.
   *
   * @param grain smallest range worth handing to a thread
   */
  public static void rows(int n, int grain, Body body) {
    if (n <= 0) {
      return;
    }
    int parts = Math.min(threads(), (n + grain - 1) / Math.max(1, grain));
    if (parts <= 1
        || Thread.currentThread() instanceof Worker
        || POOL.isHeldByCurrentThread()
        || !POOL.tryLock()) {
      body.run(0, n);
      return;
    }
    try {
      new Region(n, Math.max(1, grain), parts, body).run(POOL.workers(parts - 1));
    } finally {
      POOL.unlock();
    }
  }

  /** One piece of work that goes on beside the caller's; see {@link #aside}. */
  public static final class Aside {
    private final FutureTask<Void> task;

    private Aside(Runnable work) {
      this.task = new FutureTask<>(work, null);
    }

    /** Returns when the work is done; what it threw is thrown here. */
    public void await() {
      boolean interrupted = false;
      try {
        while (true) {
          try {
            task.get();
            return;
          } catch (InterruptedException e) {
            interrupted = true;
          } catch (ExecutionException e) {
            throw Region.rethrown(e.getCause());
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /**
   * Begins {@code work} on a thread of its own, for what takes long and does not belong to the
   * pool: waiting for the compiler, reading ahead. A daemon: it does not keep the process alive.
   */
  public static Aside aside(Runnable work) {
    int threads = threads();
    Aside aside = new Aside(() -> ScopedValue.where(LIMIT, threads).run(work));
    Thread.ofPlatform().daemon().name("ashlar-aside").start(aside.task);
    return aside;
  }

  /** One turn of a loop that has waited so long. */
  private static void spin(long waited) {
    if (waited > KEEP_NANOS) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }

  /** The workers, and the lock that the caller of a region holds while it lasts. */
  private static final class Pool extends ReentrantLock {
    private static final long serialVersionUID = 1;

    // Guarded by the lock itself.
    private transient Worker[] workers = new Worker[0];

    /** At least {@code count} workers; the lock must be held. */
    Worker[] workers(int count) {
      if (workers.length < count) {
        int present = workers.length;
        workers = Arrays.copyOf(workers, count);
        for (int i = present; i < count; i++) {
          workers[i] = new Worker(i);
          workers[i].start();
        }
      }
      return workers;
    }
  }

  /** One parallel region: ranges are taken from a shared counter until none are left. */
  private static final class Region {
    // Fields instead of atomic objects: a decode step opens some hundred regions.
    private static final AtomicIntegerFieldUpdater<Region> NEXT =
        AtomicIntegerFieldUpdater.newUpdater(Region.class, "next");
    private static final AtomicIntegerFieldUpdater<Region> RUNNING =
        AtomicIntegerFieldUpdater.newUpdater(Region.class, "running");

    private final int n;
    private final int grain;
    private final int parts;
    private final int helpers;
    private final Body body;
    private volatile int next;
    private volatile int running;
    private volatile Throwable failure;

    Region(int n, int grain, int parts, Body body) {
      this.n = n;
      this.grain = grain;
      this.parts = parts;
      this.helpers = parts - 1;
      this.body = body;
      this.running = helpers;
    }

    void run(Worker[] workers) {
      for (int i = 0; i < helpers; i++) {
        workers[i].submit(this);
      }
      work();
      for (int i = 0; i < helpers; i++) {
        // A worker that has not woken up yet is not waited for: all ranges are taken already.
        if (workers[i].slot.compareAndSet(this, null)) {
          RUNNING.decrementAndGet(this);
        }
      }
      awaitWorkers();
      if (failure != null) {
        throw rethrown(failure);
      }
    }

    /** Spins while the last ranges are finished; gives way to a worker that lost its core. */
    private void awaitWorkers() {
      if (running == 0) {
        return;
      }
      long begin = System.nanoTime();
      while (running > 0) {
        spin(System.nanoTime() - begin);
      }
    }

    void work() {
      try {
        int from = next;
        while (from < n && failure == null) {
          int to = from + Math.min(n - from, chunk(n - from));
          if (NEXT.compareAndSet(this, from, to)) {
            body.run(from, to);
          }
          from = next;
        }
      } catch (Throwable t) {
        failure = t;
      }
    }

    /** Ranges shrink towards the end, so that all threads finish together. */
    private int chunk(int left) {
      return Math.max(grain, left / (2 * parts));
    }

    private static RuntimeException rethrown(Throwable t) {
      switch (t) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(t);
      }
    }
  }

  /** A daemon thread that watches for a region: spinning, then giving way, then parked. */
  private static final class Worker extends Thread {
    private final AtomicReference<Region> slot = new AtomicReference<>();

    Worker(int index) {
      super("ashlar-" + (index + 1));
      setDaemon(true);
    }

    void submit(Region r) {
      slot.set(r);
      LockSupport.unpark(this);
    }

    @Override
    public void run() {
      while (true) {
        Region r = await();
        r.work();
        Region.RUNNING.decrementAndGet(r);
      }
    }

    private Region await() {
      long begin = System.nanoTime();
      while (true) {
        Region r = slot.get();
        if (r != null && slot.compareAndSet(r, null)) {
          return r;
        }
        long waited = System.nanoTime() - begin;
        if (waited > SPIN_NANOS) {
          LockSupport.park(this);
        } else {
          spin(waited);
        }
      }
    }
  }
}
