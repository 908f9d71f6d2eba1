package dev.ashlar.cli.console;

import dev.ashlar.engine.job.Stage;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a long piece of work is, for a log: what begins, a line for each part that is finished,
 * and between them a line every ten seconds, or a tenth of the time so far where that is more.
 * Silent until the run has lasted a second, so that short ones and refusals say nothing but their
 * result.
 *
 * <p>Written by whoever calls {@link #at}, so it needs no thread of its own.
 */
final class ProgressLog implements Stage {
  private static final long QUIET_NANOS = 1_000_000_000L;
  private static final long PAUSE_NANOS = 10_000_000_000L;
  private static final int PAUSES_PER_RUN = 10;

  private final Console console;
  private final String label;
  private final double total;
  private final long since;
  private final LongSupplier clock;
  private final long start;
  private long next;
  private boolean announced;

  /**
   * Begins a piece of work.
   *
   * @param total amount of work, in the unit that {@link #at} counts in
   * @param since when the run began that this is a part of, by {@code clock}
   * @param clock nanoseconds
   */
  ProgressLog(Console console, String label, double total, long since, LongSupplier clock) {
    this.console = console;
    this.label = label;
    this.total = total;
    this.since = since;
    this.clock = clock;
    this.start = clock.getAsLong();
    this.next = start + PAUSE_NANOS;
    announce(start);
  }

  private void announce(long now) {
    if (!announced && now - since >= QUIET_NANOS) {
      announced = true;
      say(label);
    }
  }

  private void say(String line) {
    console.note("ashlar: " + line);
  }

  @Override
  public void at(double done, String detail) {
    double elapsed = (clock.getAsLong() - start) / 1e9;
    at(done, done <= 0 ? Double.NaN : elapsed * (total - done) / done, detail);
  }

  @Override
  public void at(double done, double secondsLeft, String detail) {
    long now = clock.getAsLong();
    announce(now);
    if (now < next) {
      return;
    }
    pause(now);
    int percent = total <= 0 ? 100 : (int) (100 * Math.clamp(done / total, 0.0, 1.0));
    String more = detail.isEmpty() ? "" : ", " + detail;
    say(String.format(Locale.ROOT, "%s: %d%%%s%s", label, percent, more, left(secondsLeft)));
  }

  @Override
  public void finished(double secondsLeft, String outcome) {
    long now = clock.getAsLong();
    announce(now);
    if (announced) {
      pause(now);
      say(outcome + left(secondsLeft));
    }
  }

  private void pause(long now) {
    next = now + Math.max(PAUSE_NANOS, (now - start) / PAUSES_PER_RUN);
  }

  private static String left(double seconds) {
    return seconds > 0 ? "; about " + Figures.seconds(seconds) + " left" : "";
  }
}
