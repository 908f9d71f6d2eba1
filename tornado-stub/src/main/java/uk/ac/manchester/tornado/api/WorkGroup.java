package uk.ac.manchester.tornado.api;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A group of work items: what they share, and a thread for each. */
final class WorkGroup {
  private final List<float[]> shared = new ArrayList<>();
  private final CyclicBarrier barrier;

  private WorkGroup(int items) {
    this.barrier = new CyclicBarrier(items);
  }

  /** Runs {@code groups} groups one behind another. */
  static void runAll(Consumer<KernelContext> body, int groups, int items) {
    for (int g = 0; g < groups; g++) {
      new WorkGroup(items).run(body, g, groups, items);
    }
  }

  private void run(Consumer<KernelContext> body, int group, int groups, int items) {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      KernelContext item = new Item(this, group, i, items, groups);
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      body.accept(item);
                    } catch (RuntimeException | Error e) {
                      failure.compareAndSet(null, e);
                      barrier.reset();
                    }
                  }));
    }
    try {
      for (Thread t : threads) {
        t.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    if (failure.get() != null) {
      throw new IllegalStateException("a kernel failed", failure.get());
    }
  }

  private void await() {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException("another work item failed", e);
    }
  }

  private static final class Item extends KernelContext {
    private final WorkGroup group;
    private int allocated;

    Item(WorkGroup group, int index, int local, int size, int groups) {
      super(index, local, size, groups);
      this.group = group;
    }

    @Override
    public void localBarrier() {
      group.await();
    }

    @Override
    public float[] allocateFloatLocalArray(int size) {
      return own(new float[size]);
    }

    /** The group's array of this place in the order of allocations. */
    private float[] own(float[] fresh) {
      synchronized (group.shared) {
        if (group.shared.size() == allocated) {
          group.shared.add(fresh);
        }
        return group.shared.get(allocated++);
      }
    }
  }
}
