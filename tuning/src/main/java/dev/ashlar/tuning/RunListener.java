package dev.ashlar.tuning;

/** Hears how a run goes. All calls come from the thread that runs it. */
public interface RunListener {
  /** Hears nothing. */
  RunListener SILENT = new RunListener() {};

  /** A unit begins, or an iteration of it is done. */
  default void progress(Progress progress) {}

  /** A unit is finished and was handed on. */
  default void unitFinished(UnitReport report) {}

  /** Something the user should know, as one sentence. */
  default void warning(String sentence) {}
}
