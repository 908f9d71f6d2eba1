package dev.ashlar.tuning;

import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.Budget.Choice;
import dev.ashlar.tuning.method.Budget.Numbers;
import dev.ashlar.tuning.method.Budget.Speed;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.work.UnitStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The numbers that follow from a run's time, and how much of it is left. In a store they lie behind
 * the units and the finish, so that a run that goes on has the same ones.
 */
final class Timing {
  /** Places in a store, as figures. */
  private static final String NUMBERS = "numbers of a time";

  private static final String STEPS = "steps of a time";
  private static final String SPENT = "time spent";
  private static final String SAMPLES = "samples";
  private static final String SECONDS = "seconds";

  private final Budget budget;
  private final Optional<UnitStore> store;
  private final int place;
  private Numbers numbers;
  private Optional<String> warning = Optional.empty();
  private boolean settled;

  /** Spent before this run began. */
  private double before;

  private long start;

  private Timing(Budget budget, Optional<UnitStore> store, int units) {
    this.budget = budget;
    this.store = store;
    // Behind the units come the rest of the finish, and the finished units.
    this.place = 2 * units + 1;
    this.start = System.nanoTime();
  }

  /**
   * Numbers that are in the store, or chosen now.
   *
   * @param measure how fast this machine is; asked only where nothing was chosen yet
   * @param available calibration samples
   * @param patience called while another worker chooses
   */
  static Timing of(
      Budget budget,
      Supplier<Speed> measure,
      int units,
      int available,
      Optional<? extends UnitStore> work,
      Runnable patience) {
    Timing timing = new Timing(budget, work.map(w -> (UnitStore) w), units);
    if (work.isEmpty()) {
      timing.choose(measure, available);
      return timing;
    }
    return SharedWork.of(
        work.get(),
        timing.place,
        () -> Optional.of(timing).filter(Timing::resume),
        lease -> {
          timing.choose(measure, available);
          lease.publish(NUMBERS, 0, figures(timing.numbers));
          timing.begin();
          timing.note();
          return timing;
        },
        patience);
  }

  private boolean resume() {
    Optional<Map<String, Double>> found = figures(place, NUMBERS);
    found.ifPresent(f -> numbers = numbers(f));
    figures(place + 1, STEPS)
        .ifPresent(
            f -> {
              numbers = numbers(f);
              settled = true;
            });
    before = figures(place + 2, SPENT).map(f -> f.get(SECONDS)).orElse(before);
    return found.isPresent();
  }

  private Optional<Map<String, Double>> figures(int at, String name) {
    return store.flatMap(s -> s.find(at, name, 0)).map(UnitResult::figures);
  }

  private static UnitResult figures(Numbers numbers) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(SAMPLES, (double) numbers.samples());
    numbers.options().forEach((name, n) -> figures.put(name, (double) n));
    return UnitResult.of(Map.of()).withFigures(figures);
  }

  private static Numbers numbers(Map<String, Double> figures) {
    Map<String, Integer> options = new LinkedHashMap<>();
    figures.forEach((name, n) -> options.put(name, n.intValue()));
    int samples = options.remove(SAMPLES);
    return new Numbers(samples, options);
  }

  private void choose(Supplier<Speed> measure, int available) {
    Speed speed = measure.get();
    Choice choice = budget.choose(speed, left(), available);
    numbers = choice.numbers();
    warning = choice.warning();
    before = seconds(System.nanoTime() - start);
  }

  private static double seconds(long nanos) {
    return nanos / 1e9;
  }

  /** The run begins; what lay between choosing and this does not count. */
  void begin() {
    start = System.nanoTime();
  }

  /** The time that was asked for. */
  Duration asked() {
    return budget.time();
  }

  /** What was spent so far, earlier runs of the same job included. */
  Duration spent() {
    return Duration.ofNanos((long) (1e9 * before) + System.nanoTime() - start);
  }

  /** What is left; negative when there is nothing. */
  Duration left() {
    return budget.time().minus(spent());
  }

  /** Notes how much was spent, for a run that goes on with this one's work. */
  void note() {
    publish(
        place + 2,
        SPENT,
        UnitResult.of(Map.of()).withFigures(Map.of(SECONDS, seconds(spent().toNanos()))));
  }

  private void publish(int at, String name, UnitResult result) {
    if (store.isPresent()) {
      // Whoever else has it writes nearly the same.
      store
          .get()
          .lease(at)
          .ifPresent(
              lease -> {
                try (lease) {
                  lease.publish(name, 0, result);
                }
              });
    }
  }

  /** The numbers; that of the steps may still change until it is {@link #isSettled}. */
  Numbers numbers() {
    return numbers;
  }

  /** Whether the steps of the finish are certain. */
  boolean isSettled() {
    return settled;
  }

  /** The finish will have so many steps. */
  void settle(int steps) {
    numbers = budget.with(numbers, steps);
    settled = true;
    publish(place + 1, STEPS, figures(numbers));
  }

  /** What the user should know of the choice. */
  Optional<String> warning() {
    return warning;
  }

  Budget budget() {
    return budget;
  }
}
