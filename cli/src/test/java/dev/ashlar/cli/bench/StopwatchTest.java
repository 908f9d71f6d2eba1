package dev.ashlar.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.bench.Stopwatch.Timing;
import dev.ashlar.cli.bench.report.BenchException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rounds in turn, the first call apart, and no time for a wrong answer. */
class StopwatchTest {
  private static final Stopwatch BRIEF = new Stopwatch(5, 100_000, 1_000_000, 2_000_000_000);

  private final List<String> calls = new ArrayList<>();

  private Case named(String name) {
    return new Case(name, "vector", 1, Bound.CACHE, 1, () -> calls.add(name));
  }

  private static List<Timing> timed(List<Case> cases, Runnable turn) {
    return BRIEF.measure(cases, turn).stream().map(Timing.class::cast).toList();
  }

  private static void sleep() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void roundsAlternate() {
    List<Timing> timings = timed(List.of(named("a"), named("b")), () -> calls.add("turn"));
    List<String> timed = calls.subList(calls.indexOf("turn"), calls.size());
    assertEquals("turn", timed.getFirst());
    assertEquals(5, timed.stream().filter("turn"::equals).count());
    assertTrue(timed.lastIndexOf("a") > timed.indexOf("b"), timed.toString());
    for (Timing t : timings) {
      assertEquals(5, t.seconds().rounds());
      assertTrue(t.seconds().min() <= t.seconds().median());
      assertTrue(t.first() > 0 && t.warmUp() > 0);
      assertTrue(t.relativeL2().isEmpty());
    }
  }

  @Test
  void whatTakesLongHasFewerRoundsButThree() {
    Case slow = new Case("slow", "vector", 1, Bound.CACHE, 1, StopwatchTest::sleep);
    assertEquals(3, timed(List.of(slow), () -> {}).getFirst().seconds().rounds());
  }

  @Test
  void theFirstCallFollowsItsPreparationAndPrecedesTheComparison() {
    float[] y = new float[2];
    Case c =
        named("body")
            .prepared(() -> calls.add("prepared"))
            .checked(
                new Check(
                    () -> {
                      calls.add("compared");
                      return y;
                    },
                    () -> new float[2],
                    0));
    Timing t = timed(List.of(c), () -> {}).getFirst();
    assertEquals(List.of("prepared", "body", "compared"), calls.subList(0, 3));
    assertEquals(0, t.relativeL2().orElseThrow());
  }

  @Test
  void aWrongAnswerIsNotTimed() {
    for (float wrong : new float[] {1.1f, Float.NaN, Float.POSITIVE_INFINITY}) {
      calls.clear();
      Case c =
          named("product")
              .checked(new Check(() -> new float[] {wrong}, () -> new float[] {1}, 1e-5));
      BenchException e =
          assertThrows(BenchException.class, () -> BRIEF.measure(List.of(c), () -> {}));
      assertTrue(e.getMessage().contains("product by vector on 1 thread"), e.getMessage());
      assertEquals(List.of("product"), calls);
    }
  }

  @Test
  void whatIsLeftWhenTheTimeIsUpIsNotBegun() {
    Deadline over = new Deadline(1, System.nanoTime() - 2_000_000_000L);
    Stopwatch.Outcome missed =
        BRIEF.measure(List.of(named("a").within(over)), () -> calls.add("turn")).getFirst();
    assertEquals(new Stopwatch.Missed("the run's 1 s were over", false), missed);
    assertFalse(calls.contains("a"), "turns are taken all the same");
    assertEquals(5, calls.size());
  }

  @Test
  void theReferenceIsComparedWithNothing() {
    Case c = new Case("x", "reference", 1, Bound.CACHE, 1, () -> {});
    assertTrue(c.checked(new Check(() -> null, () -> null, 0)).check().isEmpty());
  }

  @Test
  void distanceIsRelativeToTheReference() {
    assertEquals(0.5, Check.relativeL2(new float[] {3, 6}, new float[] {2, 4}), 1e-12);
    assertEquals(0, Check.relativeL2(new float[2], new float[2]));
    assertFalse(new Check(null, null, 1).admits(Check.relativeL2(new float[] {1}, new float[1])));
    assertThrows(
        IllegalArgumentException.class, () -> Check.relativeL2(new float[1], new float[2]));
  }
}
