package dev.ashlar.engine.job;

import java.time.Duration;

/**
 * Hears how a job goes. All calls come from the thread that runs the job, one after the other; what
 * a listener throws ends the job.
 */
public interface JobListener {
  /** Hears nothing. */
  JobListener SILENT = new JobListener() {};

  /** Something that happened on the way and is no cause for worry, as one sentence. */
  default void note(String sentence) {}

  /** Something the user should know, as one sentence. */
  default void warning(String sentence) {}

  /**
   * Asked often: whether the job shall end. It then ends with a {@link
   * java.util.concurrent.CancellationException}, and what is finished is kept for another run.
   */
  default boolean cancelled() {
    return false;
  }

  /**
   * How long the tuning that begins now is going to take on this machine.
   *
   * @param layers that are tuned
   * @param method by its name
   */
  default void estimated(int layers, String method, Duration time) {}

  /**
   * A piece of work begins that may take long.
   *
   * @param label what it is, in a word or two
   * @param total amount of work, in the unit that {@link Stage#at} counts in
   * @return hears how far it is, and is closed when it ends
   */
  default Stage begin(String label, double total) {
    return Stage.SILENT;
  }
}
