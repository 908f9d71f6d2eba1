package dev.ashlar.tuning.calibration;

/** Calibration data that cannot be used: none left, too short, or asked for in a way unknown. */
public final class CalibrationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String dataset;
  private final String hint;

  /**
   * @param dataset which data set
   * @param problem the rest of the sentence
   * @param hint what to do, or empty
   */
  public CalibrationException(String dataset, String problem, String hint) {
    super(dataset + ": " + problem + (hint.isEmpty() ? "" : "; " + hint));
    this.dataset = dataset;
    this.hint = hint;
  }

  /** Which data set. */
  public String dataset() {
    return dataset;
  }

  /** What to do, or empty. */
  public String hint() {
    return hint;
  }
}
