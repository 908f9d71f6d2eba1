package dev.ashlar.engine.job;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A wish to end some work, told by any thread to the one that does it. Work that was given one asks
 * it often: between blocks of a prompt, tokens, batches and iterations. Once told it stays told.
 */
public final class Cancellation {
  private final BooleanSupplier condition;
  private volatile boolean cancelled;

  /** A wish that nobody has had yet. */
  public Cancellation() {
    this(() -> false);
  }

  private Cancellation(BooleanSupplier condition) {
    this.condition = condition;
  }

  /**
   * One that is also told by a condition.
   *
   * @param condition is asked by the threads that work
   */
  public static Cancellation when(BooleanSupplier condition) {
    return new Cancellation(condition);
  }

  /** Asks for the end of everything that was given this. */
  public void cancel() {
    cancelled = true;
  }

  /** Whether somebody asked for the end. */
  public boolean isCancelled() {
    return cancelled || condition.getAsBoolean();
  }

  /**
   * Ends the caller's work if somebody asked for it.
   *
   * @throws CancellationException if so
   */
  public void check() {
    if (isCancelled()) {
      throw new CancellationException("cancelled");
    }
  }
}
