package dev.ashlar.nn.device;

/**
 * A device that is not there, cannot take a decoder or a block to tune, or failed; the message is
 * one sentence.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** A fault that {@code message} describes. */
  public DeviceException(String message) {
    super(message);
  }

  /** The same, found as {@code cause}. */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
