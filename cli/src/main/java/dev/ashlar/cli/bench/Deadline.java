package dev.ashlar.cli.bench;

/**
 * When a run is to end: nothing is begun from then on.
 *
 * @param seconds that the run has, or 0 for any number
 * @param began in {@link System#nanoTime}
 */
public record Deadline(int seconds, long began) implements Limit {
  /** One of {@code seconds} from now on, or none at all for 0. */
  public static Deadline in(int seconds) {
    return new Deadline(seconds, System.nanoTime());
  }

  /** What is left; less than 0 when time is up. */
  long nanosLeft() {
    return seconds == 0 ? Long.MAX_VALUE : 1_000_000_000L * seconds - (System.nanoTime() - began);
  }

  @Override
  public void run(String part, Runnable body) {
    if (nanosLeft() <= 0) {
      throw over();
    }
    body.run();
  }

  /** For what is left when time is up. */
  NotMeasured over() {
    return new NotMeasured("the run's " + seconds + " s were over");
  }
}
