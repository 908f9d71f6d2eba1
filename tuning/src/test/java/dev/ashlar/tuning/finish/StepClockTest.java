package dev.ashlar.tuning.finish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tuning.method.FinishTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

/** How many steps a time has, and how far each goes. */
class StepClockTest {
  private static List<Float> shares(StepClock clock) {
    return shares(clock, i -> 0);
  }

  private static List<Float> shares(StepClock clock, IntToLongFunction millis) {
    List<Float> shares = new ArrayList<>();
    for (int i = 0; clock.next(i); i++) {
      shares.add(clock.share(i));
      try {
        Thread.sleep(millis.applyAsLong(i));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return shares;
  }

  @Test
  void ratesStayForAThirdAndShrinkToNothing() {
    List<Float> shares = shares(StepClock.of(Optional.empty(), 100));
    assertEquals(100, shares.size());
    for (int i = 0; i < 100; i++) {
      double expected = i <= 30 ? 1 : (100 - i) / 70.0;
      assertEquals(expected, shares.get(i), 1e-6);
    }
  }

  @Test
  void aTimeIsFilledAndTheNumberThatItComesToGivesTheSameRates() {
    for (int millis : new int[] {3, 12, 40, 90, 200}) {
      List<Integer> told = new ArrayList<>();
      Duration time = Duration.ofMillis(400);
      long start = System.nanoTime();
      List<Float> timed =
          shares(StepClock.of(Optional.of(new FinishTask.Limit(time, told::add)), 7), i -> millis);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertEquals(List.of(timed.size()), told);
      assertEquals(shares(StepClock.of(Optional.empty(), timed.size())), timed);
      // A machine that is busy sleeps longer, and takes fewer steps for it.
      assertTrue(took.toMillis() < 400 + 2 * millis + 300, took + " of " + time);
      assertTrue(timed.size() <= 400 / millis + 1 && timed.size() >= 1, timed.size() + " steps");
    }
  }

  /** As on a small model, whose first steps are interpreted. */
  @Test
  void slowFirstStepsLeaveNoTimeOver() {
    Duration time = Duration.ofMillis(1000);
    long start = System.nanoTime();
    FinishTask.Limit limit = new FinishTask.Limit(time, steps -> {});
    shares(StepClock.of(Optional.of(limit), 7), i -> i < 6 ? 40 : 5);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertTrue(took.toMillis() >= 850, took + " of " + time);
  }

  @Test
  void whereNothingIsLeftNothingIsDone() {
    List<Integer> told = new ArrayList<>();
    Duration none = Duration.ofSeconds(-1);
    StepClock clock = StepClock.of(Optional.of(new FinishTask.Limit(none, told::add)), 7);
    assertEquals(List.of(), shares(clock));
    assertEquals(List.of(0), told);
  }
}
