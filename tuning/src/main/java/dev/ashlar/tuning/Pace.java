package dev.ashlar.tuning;

import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Keeps the time of a run and tells its listener; what was resumed does not count as pace. */
final class Pace implements UnitTask.IterationListener {
  private final int units;
  private final RunListener listener;
  private final long start = System.nanoTime();
  private int unit;
  private int resumed;
  private String name = "";
  private long freshStart = start;

  Pace(int units, RunListener listener) {
    this.units = units;
    this.listener = listener;
  }

  void begin(int index, String unitName) {
    unit = index;
    name = unitName;
    proceed();
    tell(0, 0, Double.NaN);
  }

  void end(boolean wasResumed) {
    if (wasResumed) {
      resumed++;
      freshStart = System.nanoTime();
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
    double fresh = unit - resumed + (iterations == 0 ? 0 : (double) done / iterations);
    double left = units - resumed - fresh;
    Optional<Duration> remaining =
        fresh > 0
            ? Optional.of(Duration.ofNanos((long) ((now - freshStart) / fresh * left)))
            : Optional.empty();
    listener.progress(
        new Progress(
            unit, units, name, done, iterations, loss, Duration.ofNanos(now - start), remaining));
  }
}
