package dev.ashlar.cli.bench;

/** Ends the measurement of a line, not that of the others; the message says why, for the report. */
final class NotMeasured extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Whether something failed, and not only took too long. */
  private final boolean fault;

  /** A line that takes too long. */
  NotMeasured(String reason) {
    super(reason);
    this.fault = false;
  }

  /** A line at which a device failed, as {@code cause} says. */
  NotMeasured(RuntimeException cause) {
    super(cause.getMessage(), cause);
    this.fault = true;
  }

  boolean fault() {
    return fault;
  }
}
