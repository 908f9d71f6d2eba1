package dev.ashlar.nn.devicetuning;

/**
 * A device that failed at what it should be able to do: it lacks memory, or a kernel its compiler.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one sentence
   */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
