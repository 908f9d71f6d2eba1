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
  private final Optional<Timing> timing;
  private final long start = System.nanoTime();
  private int unit;

  /** What each stage takes, in any measure. */
  private final double[] work;

  private double made;
  private long stageStart;
  private String name = "";
  private long freshStart = start;

  /**
   * @param stages how many there are: units, and work on all of them
   * @param estimated how the time of both compares, if that was measured
   * @param timing of a run that keeps to a time
   */
  Pace(
      UnitPlan plan,
      int stages,
      Estimate.Found estimated,
      Optional<Timing> timing,
      RunListener listener) {
    this.timing = timing;
    this.units = stages;
    this.listener = listener;
    this.work = new double[stages];
    double mean = plan.units().stream().mapToLong(UnitPlan.Entry::quantized).average().orElse(1);
    Arrays.fill(work, Math.max(1, mean));
    // Units in which little or nothing is quantized are soon done; behind the last with anything to
    // be done there is no more than to say so.
    int reach = plan.reach();
    plan.units()
        .forEach(
            u ->
                work[u.index()] = u.index() < reach ? u.quantized() + Math.max(1, IDLE * mean) : 0);
    int all = plan.units().size();
    if (stages > all && estimated.units().toNanos() > 0) {
      double finish = (double) estimated.finish().toNanos() / estimated.units().toNanos();
      Arrays.fill(work, all, stages, finish * Arrays.stream(work, 0, all).sum());
    }
  }

  void begin(int index, String unitName) {
    unit = index;
    name = unitName;
    stageStart = System.nanoTime();
    proceed();
    tell(0, 0, Double.NaN);
  }

  /** Tells of the stage that was begun last that it is finished, and what the others will take. */
  void finished(UnitReport report) {
    if (report.resumed()) {
      freshStart = System.nanoTime();
      made = 0;
    } else {
      made += work[unit];
    }
    listener.unitFinished(report, remaining(made, left(unit + 1), System.nanoTime()));
  }

  @Override
  public void iteration(int iteration, int iterations, double loss) {
    tell(iteration + 1, iterations, loss);
    proceed();
  }

  /**
   * Asked wherever a run can end.
   *
   * @throws CancellationException if it shall, or its thread is interrupted
   */
  void proceed() {
    if (listener.cancelled() || Thread.currentThread().isInterrupted()) {
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
    double part = share * work[unit];
    boolean last = unit == units - 1;
    listener.progress(
        new Progress(
            unit,
            units,
            name,
            done,
            iterations,
            loss,
            Duration.ofNanos(now - start),
            last && share > 0
                // What is measured now says more than what was thought before.
                ? Optional.of(Duration.ofNanos((long) ((now - stageStart) * (1 / share - 1))))
                : remaining(made + part, left(unit) - part, now),
            1 - (left(unit) - part) / Math.max(1, left(0))));
  }

  /** What there is to do from a stage on. */
  private double left(int from) {
    return Arrays.stream(work, from, units).sum();
  }

  /** What is left takes as long for its work as what was made; a time that is kept to says it. */
  private Optional<Duration> remaining(double fresh, double left, long now) {
    if (timing.isPresent()) {
      Duration kept = timing.get().left();
      return Optional.of(kept.isNegative() ? Duration.ZERO : kept);
    }
    return fresh > 0
        ? Optional.of(Duration.ofNanos((long) ((now - freshStart) / fresh * left)))
        : Optional.empty();
  }
}
