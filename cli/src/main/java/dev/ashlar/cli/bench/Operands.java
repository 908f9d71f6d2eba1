package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Numbers to compute with, and the thread counts to compute with them on. */
final class Operands {
  /** No cache of a core, and few of a socket, hold as much. */
  static final long BEYOND_CACHES = 128L << 20;

  private Operands() {}

  /** Random floats in [−1, 1), the same in every run. */
  static float[] floats(int n) {
    Random random = new Random(n);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() * 2 - 1;
    }
    return x;
  }

  /** One and all. */
  static Iterable<Integer> threads() {
    TreeSet<Integer> counts = new TreeSet<>();
    counts.add(1);
    counts.add(Parallel.threads());
    return counts;
  }

  /**
   * Copies of something that are used in turn, so that no cache holds the next one. They are made
   * when they are first needed.
   */
  static final class Turns<T> {
    private final List<T> copies = new ArrayList<>();
    private final int count;
    private final Supplier<T> make;
    private int next;

    /** As many copies as exceed the caches. */
    Turns(long bytesOfOne, Supplier<T> make) {
      this.count = (int) (BEYOND_CACHES / bytesOfOne) + 2;
      this.make = make;
    }

    T next() {
      while (copies.size() < count) {
        copies.add(make.get());
      }
      next = next + 1 == count ? 0 : next + 1;
      return copies.get(next);
    }
  }
}
