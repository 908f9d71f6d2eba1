package dev.ashlar.tuning;

import dev.ashlar.tuning.method.Budget;
import java.time.Duration;
import java.util.Optional;

/** Hears how a run goes. All calls come from the thread that runs it. */
public interface RunListener {
  /** Hears nothing. */
  RunListener SILENT = new RunListener() {};

  /** A unit begins, or an iteration of it is done. */
  default void progress(Progress progress) {}

  /**
   * A unit is finished and was handed on.
   *
   * @param remaining what all behind it will take at the present pace, once there is one
   */
  default void unitFinished(UnitReport report, Optional<Duration> remaining) {}

  /** What the time of a run came to in the end; told before anything is handed on. */
  default void settled(Budget.Numbers numbers) {}

  /**
   * Asked between batches, iterations and units: whether the run shall end. It ends with a {@link
   * java.util.concurrent.CancellationException}; finished units are kept, and a later run goes on
   * behind them.
   */
  default boolean cancelled() {
    return false;
  }

  /** Something the user should know, as one sentence. */
  default void warning(String sentence) {}
}
