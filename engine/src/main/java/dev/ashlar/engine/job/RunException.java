package dev.ashlar.engine.job;

import dev.ashlar.io.AshlarException;

/**
 * A run that cannot go on: weights or activations that are not finite, calibration data that cannot
 * be used, a work folder of another job, a device that failed. The exception underneath has the
 * details and the same sentence.
 */
public final class RunException extends AshlarException {
  private static final long serialVersionUID = 1;

  /** The fault that {@code cause} describes. */
  RunException(RuntimeException cause) {
    super(cause.getMessage(), cause);
  }
}
