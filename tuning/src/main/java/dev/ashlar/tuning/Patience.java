package dev.ashlar.tuning;

import java.util.concurrent.CancellationException;

/** Waiting for another worker of the same job. */
final class Patience {
  /** How long to wait before asking again whether somebody else has finished. */
  private static final int MILLIS = 200;

  private Patience() {}

  /**
   * Waits a little.
   *
   * @param what the other worker has
   * @throws CancellationException if the thread is interrupted
   */
  static void rest(String what) {
    try {
      Thread.sleep(MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while another worker had " + what);
    }
  }
}
