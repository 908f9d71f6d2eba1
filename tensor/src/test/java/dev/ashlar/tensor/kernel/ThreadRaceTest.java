package dev.ashlar.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.ashlar.tensor.Parallel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every kernel that is split over threads, again and again on one thread and on many: the bits must
 * not depend on who computed what. The pool has one thread for each processor; started with {@code
 * -Dashlar.threads=7} it has more, and they take each other's cores away.
 */
class ThreadRaceTest {
  private static final int[] THREADS = {1, 2, 3, 7};
  private static final int ROUNDS = 6;

  @TestFactory
  Iterable<DynamicTest> bitsAreThoseOfOneThread() {
    Map<String, Supplier<float[]>> works = new LinkedHashMap<>();
    for (Backend b : Backends.all()) {
      works.putAll(KernelWorks.split(b));
    }
    return works.entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> race(e.getValue())))
        .toList();
  }

  private static void race(Supplier<float[]> work) {
    float[] expected = Parallel.limited(1, work::get);
    for (int round = 0; round < ROUNDS; round++) {
      for (int threads : THREADS) {
        float[] found = Parallel.limited(threads, work::get);
        assertArrayEquals(expected, found, threads + " threads, round " + round);
      }
    }
  }
}
