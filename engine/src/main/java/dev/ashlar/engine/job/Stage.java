package dev.ashlar.engine.job;

/** Hears how far one piece of work is; see {@link JobListener#begin}. */
public interface Stage extends AutoCloseable {
  /** Hears nothing. */
  Stage SILENT = (done, secondsLeft, detail) -> {};

  /**
   * Notes that {@code done} of the total is done.
   *
   * @param secondsLeft as far as the work knows it itself; NaN if it does not
   * @param detail what is going on right now, or empty
   */
  void at(double done, double secondsLeft, String detail);

  /** The same for work that does not know its own pace. */
  default void at(double done, String detail) {
    at(done, Double.NaN, detail);
  }

  /**
   * A part of the work, such as a block of a model, is finished.
   *
   * @param secondsLeft for the other parts; NaN if that is not known
   * @param outcome which part it was and what came of it, in a few words
   */
  default void finished(double secondsLeft, String outcome) {}

  /** The piece of work has ended, well or not. */
  @Override
  default void close() {}
}
