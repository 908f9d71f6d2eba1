package dev.ashlar.tuning;

import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Keeps the time of a run and tells its listener; what was resumed does not count as pace. */
final class Pace implements UnitTask.IterationListener {
  /** What a unit takes in which there is nothing to do, of what one takes on average. */
  private static final double IDLE = 0.1;

  private final int units;
  private final RunListener listener;
  private final long start = System.nanoTime();
  private int unit;

  /** What each stage takes, in any measure. */
  private final double[] work;

  private double made;
  private String name = "";
  private long freshStart = start;

  /**
   * @param stages how many there are: units, and work on all of them
   */
  Pace(UnitPlan plan, int stages, RunListener listener) {
    this.units = stages;
    this.listener = listener;
    this.work = new double[stages];
    double mean = plan.units().stream().mapToLong(UnitPlan.Entry::quantized).average().orElse(1);
    Arrays.fill(work, Math.max(1, mean));
    // Units in which little or nothing is quantized are soon done.
    plan.units().forEach(u -> work[u.index()] = u.quantized() + Math.max(1, IDLE * mean));
  }

  void begin(int index, String unitName) {
    unit = index;
    name = unitName;
    proceed();
    tell(0, 0, Double.NaN);
  }

  void end(boolean wasResumed) {
    if (wasResumed) {
      freshStart = System.nanoTime();
      made = 0;
    } else {
      made += work[unit];
    }
  }

  @Override
  public void iteration(int iteration, int iterations, double loss) {
    tell(iteration + 1, iterations, loss);
    proceed();
  }

  /**
   * Asked wherever a run can end.
   *
   * @throws CancellationException if it shall
   */
  void proceed() {
    if (listener.cancelled()) {
      throw new CancellationException(
          "the run was ended at " + name + ", unit " + (unit + 1) + " of " + units);
    }
  }

  /** Waits a little for another worker, who has {@code what}. */
  void waitForOthers(String what) {
    proceed();
    Patience.rest(what);
  }

  @Override
  public void warning(String sentence) {
    listener.warning(sentence);
  }

  private void tell(int done, int iterations, double loss) {
    long now = System.nanoTime();
    double share = iterations == 0 ? 0 : (double) done / iterations;
    double fresh = made + share * work[unit];
    double left = Arrays.stream(work, unit, units).sum() - share * work[unit];
    Optional<Duration> remaining =
        fresh > 0
            ? Optional.of(Duration.ofNanos((long) ((now - freshStart) / fresh * left)))
            : Optional.empty();
    listener.progress(
        new Progress(
            unit, units, name, done, iterations, loss, Duration.ofNanos(now - start), remaining));
  }
}
