package dev.ashlar.cli.bench;

import dev.ashlar.nn.device.DeviceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The thread that speaks to a device, so that a call which does not come back keeps nobody else. It
 * does not keep the program from ending either.
 */
final class DeviceThread {
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("device").daemon().factory());

  /** Nanoseconds in which what is done is seen to be. */
  private static final long MOMENT = 100_000_000;

  /** What was last asked for, which may still go on. */
  private Future<?> last = CompletableFuture.completedFuture(null);

  private String doing = "";

  /** Whether somebody has waited in vain for what still goes on: nobody does so again. */
  private boolean awaited;

  /**
   * Has something done and waits for it.
   *
   * @param what it belongs to, for messages
   * @param nanos that it may take, with what an earlier call left behind
   * @return whether it is done; else it goes on
   * @throws NotMeasured if it failed at the device, or the device is still busy with something
   *     earlier and it was not begun
   */
  boolean run(String what, Runnable part, long nanos) {
    long start = System.nanoTime();
    try {
      awaited = !ended(awaited ? Math.min(MOMENT, nanos) : nanos);
    } catch (ExecutionException e) {
      // Of a line that was given up, which has been reported.
      awaited = false;
    }
    if (awaited) {
      throw new NotMeasured("the device was still busy with " + doing);
    }
    doing = what;
    last = thread.submit(part);
    try {
      return ended(nanos - (System.nanoTime() - start));
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  /**
   * Has something done behind everything else, and waits for it unless the device is busy.
   *
   * @param nanos to wait at most
   * @throws NotMeasured if it failed at the device
   */
  void afterwards(String what, Runnable part, long nanos) {
    if (last.isDone()) {
      run(what, part, nanos);
    } else {
      last = thread.submit(part);
    }
  }

  private boolean ended(long nanos) throws ExecutionException {
    try {
      last.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static RuntimeException rethrown(Throwable cause) {
    return switch (cause) {
      case DeviceException e -> new NotMeasured(e);
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(cause);
    };
  }
}
