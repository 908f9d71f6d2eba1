package dev.ashlar.bench.guard;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.ProbeKernel;

/** Fixed work that no change of the library's makes faster or slower, by what it is bound by. */
enum Yardstick {
  /** Multiply-adds on registers. */
  ARITHMETIC {
    @Override
    Runnable work() {
      ProbeKernel probe = Backends.chosen().probe();
      float[] sums = new float[probe.width()];
      return () -> probe.multiplyAdds(STEPS, sums, 0);
    }
  },
  /** Reading what no cache holds. */
  MEMORY {
    @Override
    Runnable work() {
      int[] words = new int[WORDS];
      return () -> sink += sum(words);
    }
  },
  /** Copying what the second-level cache holds. */
  CACHE {
    @Override
    Runnable work() {
      float[] x = new float[CACHED];
      float[] y = new float[CACHED];
      return () -> {
        for (int i = 0; i < COPIES; i++) {
          System.arraycopy(x, 0, y, 0, CACHED);
        }
      };
    }
  };

  private static final int STEPS = 20_000;
  private static final int WORDS = 16 << 20;
  private static final int CACHED = 32 << 10;
  private static final int COPIES = 100;

  /** Keeps sums from being left out. */
  static volatile int sink;

  /** A piece of it, the same in every call. */
  abstract Runnable work();

  private static int sum(int[] words) {
    int sum = 0;
    for (int word : words) {
      sum += word;
    }
    return sum;
  }
}
