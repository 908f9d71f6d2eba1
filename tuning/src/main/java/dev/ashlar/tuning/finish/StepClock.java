package dev.ashlar.tuning.finish;

import dev.ashlar.tuning.method.FinishTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * How many steps there are and how far each goes. Rates stay what they are for the first part of
 * the steps and shrink linearly to nothing over the others: while they stay, the number of steps
 * decides nothing, so that a run with a time settles it by the pace of real steps. The same number,
 * asked for, gives the same rates.
 */
final class StepClock {
  /** Share of the steps for which rates stay. */
  private static final double HOLD = 0.3;

  /** The first step is slower, and says little of the others. */
  private static final int COLD = 1;

  /**
   * Share of the steps so far whose pace counts, the latest: on small models the compiler is still
   * at work in the first, by whose pace a fifth of the time was left over.
   */
  private static final double RECENT = 0.5;

  private final long start = System.nanoTime();

  /** Nanoseconds until the end; without meaning once the number of steps is settled. */
  private final long time;

  private final IntConsumer told;
  private int steps;
  private boolean settled;
  private long reserved;

  /** When each step so far began. */
  private final List<Long> begins = new ArrayList<>();

  private StepClock(long time, IntConsumer told, int steps, boolean settled) {
    this.time = time;
    this.told = told;
    this.steps = steps;
    this.settled = settled;
  }

  /** So many steps, or as many as fit. */
  static StepClock of(Optional<FinishTask.Limit> limit, int steps) {
    return limit
        .map(l -> new StepClock(l.time().toNanos(), l.steps(), steps, false))
        .orElseGet(() -> new StepClock(0, n -> {}, steps, true));
  }

  /** Keeps so many nanoseconds for what comes behind the steps. */
  void reserve(long nanos) {
    reserved = nanos;
  }

  /** Whether there is a step {@code i}, from 0, all before it being done. */
  boolean next(int i) {
    if (!settled) {
      estimate(i);
    }
    return i < steps;
  }

  private void estimate(int done) {
    long now = System.nanoTime();
    long left = time - reserved - (now - start);
    if (done == 0) {
      // Nothing is known of the pace; what was measured on held-out samples is less than a step.
      begins.add(now);
      steps = left > reserved ? Math.max(1, steps) : 0;
      if (steps == 0) {
        settle();
      }
      return;
    }
    int from = done == COLD ? 0 : Math.max(COLD, (int) (done * (1 - RECENT)));
    double pace = (double) (now - begins.get(from)) / (done - from);
    begins.add(now);
    steps = done + (int) Math.max(0, left / pace);
    if (done > COLD || steps * HOLD < COLD) {
      // No step that is done may belong to those that shrink.
      steps = Math.max(steps, (int) Math.ceil((done - 1) / HOLD));
      if (done > HOLD * steps) {
        settle();
      }
    }
  }

  /** The number of steps is what it is. */
  void settle() {
    if (!settled) {
      settled = true;
      told.accept(steps);
    }
  }

  /** Steps there are, or as many as there seem to be. */
  int steps() {
    return steps;
  }

  /** Of the first step's rates, those of step {@code i}. */
  float share(int i) {
    boolean holds = !settled || i <= HOLD * steps;
    return holds ? 1 : (float) ((steps - i) / (steps * (1 - HOLD)));
  }
}
