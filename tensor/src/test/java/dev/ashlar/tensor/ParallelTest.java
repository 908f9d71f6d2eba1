package dev.ashlar.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** Ranges cover every row once, whatever the threads; failures and nesting. */
class ParallelTest {
  @Test
  void everyRowOnce() {
    for (int threads = 1; threads <= 4; threads++) {
      for (int n : new int[] {0, 1, 2, 3, 7, 64, 1000}) {
        for (int grain : new int[] {0, 1, 3, 10_000}) {
          AtomicIntegerArray seen = new AtomicIntegerArray(n);
          limited(threads, () -> Parallel.rows(n, grain, (from, to) -> count(seen, from, to)));
          for (int i = 0; i < n; i++) {
            assertEquals(1, seen.get(i), n + " rows, grain " + grain + ", row " + i);
          }
        }
      }
    }
  }

  private static void count(AtomicIntegerArray seen, int from, int to) {
    assertTrue(from < to);
    for (int i = from; i < to; i++) {
      seen.incrementAndGet(i);
    }
  }

  private static void limited(int threads, Runnable body) {
    Parallel.limited(
        threads,
        () -> {
          body.run();
          return null;
        });
  }

  @Test
  void nestedRegionsRunWhereTheyAre() {
    AtomicIntegerArray seen = new AtomicIntegerArray(20);
    Parallel.rows(
        20,
        1,
        (from, to) -> {
          Thread outer = Thread.currentThread();
          Parallel.rows(
              to - from,
              1,
              (f, t) -> {
                assertSame(outer, Thread.currentThread());
                count(seen, from + f, from + t);
              });
        });
    for (int i = 0; i < 20; i++) {
      assertEquals(1, seen.get(i));
    }
  }

  @Test
  void failuresReachTheCaller() {
    for (int bad : new int[] {0, 50, 99}) {
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Parallel.rows(
                      100,
                      1,
                      (from, to) -> {
                        if (from <= bad && bad < to) {
                          throw new IllegalStateException("row " + bad);
                        }
                      }));
      assertEquals("row " + bad, thrown.getMessage());
    }
    everyRowOnce();
  }

  @Test
  void callersDoNotDisturbEachOther() throws InterruptedException {
    AtomicIntegerArray seen = new AtomicIntegerArray(4000);
    Thread[] callers = new Thread[4];
    for (int c = 0; c < callers.length; c++) {
      int base = c * 1000;
      callers[c] =
          new Thread(
              () -> {
                for (int i = 0; i < 1000; i += 10) {
                  int at = base + i;
                  Parallel.rows(10, 1, (from, to) -> count(seen, at + from, at + to));
                }
              });
      callers[c].start();
    }
    for (Thread t : callers) {
      t.join();
    }
    for (int i = 0; i < 4000; i++) {
      assertEquals(1, seen.get(i), "row " + i);
    }
  }

  @Test
  void theLimitHoldsInItsScope() {
    int all = Parallel.threads();
    assertEquals(1, Parallel.<Integer>limited(1, Parallel::threads));
    assertEquals(all + 3, Parallel.<Integer>limited(all + 3, Parallel::threads));
    assertEquals(
        2, Parallel.<Integer>limited(1, () -> Parallel.limited(2, Parallel::threads)), "innermost");
    assertEquals(all, Parallel.threads());
    assertThrows(IllegalArgumentException.class, () -> Parallel.limited(0, () -> null));
  }

  @Test
  void aLimitAboveTheProcessGrowsThePool() {
    int more = Parallel.threads() + 2;
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch all = new CountDownLatch(more);
    limited(
        more,
        () ->
            Parallel.rows(
                more,
                1,
                (from, to) -> {
                  seen.add(Thread.currentThread());
                  all.countDown();
                  // A thread stays in its range until every other has one.
                  assertTrue(await(all));
                }));
    assertEquals(more, seen.size());
    everyRowOnce();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatGoesOnAsideKeepsToTheLimit() {
    AtomicInteger found = new AtomicInteger();
    limited(3, () -> Parallel.aside(() -> found.set(Parallel.threads())).await());
    assertEquals(3, found.get());
  }
}
