package dev.ashlar.tuning.lora;

/** A training whose loss or factors are no longer numbers. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** One that says where. */
  public DivergedException(String message) {
    super(message);
  }
}
