package dev.ashlar.tuning.method;

/**
 * A fault of the model or the data that shows only while quantizing: a NaN in a weight, an
 * activation that overflows, a scale that float16 cannot hold.
 */
public final class TuningException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String subject;

  /**
   * @param subject the tensor, layer or block at fault
   * @param problem the rest of the sentence
   */
  public TuningException(String subject, String problem) {
    this(subject, problem, null);
  }

  /**
   * The same with what caused it.
   *
   * @param cause or null
   */
  public TuningException(String subject, String problem, Throwable cause) {
    super(subject + ": " + problem, cause);
    this.subject = subject;
  }

  /** The tensor, layer or block at fault. */
  public String subject() {
    return subject;
  }
}
