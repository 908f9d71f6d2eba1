package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** A matrix of random codes in symmetric groups, the same in every run. */
  static QuantizedMatrix codes(int out, int in, int bits, int group) {
    IntegerGrid scheme = new IntegerGrid(bits, group, true);
    Random random = new Random(bits);
    byte[] codes = new byte[out * in];
    random.nextBytes(codes);
    for (int i = 0; i < codes.length; i++) {
      codes[i] &= (byte) scheme.maxCode();
    }
    float[] scales = new float[out * scheme.groups(in)];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = scheme.roundScale(random.nextFloat() * 0.01f + 0.001f);
      zeros[i] = (byte) scheme.middle();
    }
    return new QuantizedMatrix(out, in, scheme, codes, scales, zeros);
  }

  /** What {@code make} makes, when it is first asked for, once. */
  static <T> Supplier<T> once(Supplier<T> make) {
    return new Supplier<>() {
      private T made;

      @Override
      public T get() {
        if (made == null) {
          made = make.get();
        }
        return made;
      }
    };
  }

  /** The reference, and the backend of the process where that is another. */
  static Collection<Backend> backends() {
    Map<String, Backend> byName = new LinkedHashMap<>();
    for (Backend b : List.of(Backends.reference(), Backends.chosen())) {
      byName.putIfAbsent(b.name(), b);
    }
    return byName.values();
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

    /** Makes all copies, which {@link #next} otherwise does when it first needs them. */
    void fill() {
      while (copies.size() < count) {
        copies.add(make.get());
      }
    }

    T next() {
      fill();
      next = next + 1 == count ? 0 : next + 1;
      return copies.get(next);
    }
  }
}
