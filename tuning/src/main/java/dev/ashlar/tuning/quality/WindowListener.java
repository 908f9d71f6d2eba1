package dev.ashlar.tuning.quality;

/** Told after each window of an evaluation. */
@FunctionalInterface
public interface WindowListener {
  /** Hears nothing. */
  WindowListener SILENT = (done, total, value) -> {};

  /**
   * @param done windows so far
   * @param total windows in all
   * @param value the measure over the windows so far
   */
  void window(int done, int total, double value);
}
