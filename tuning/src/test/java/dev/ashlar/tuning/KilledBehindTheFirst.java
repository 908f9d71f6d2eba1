package dev.ashlar.tuning;

import java.time.Duration;
import java.util.Optional;

/** Ends a run when its first unit is finished. */
public final class KilledBehindTheFirst implements RunListener {
  private boolean ended;

  /** Nothing has ended yet. */
  public KilledBehindTheFirst() {}

  @Override
  public void unitFinished(UnitReport unit, Optional<Duration> left) {
    ended = true;
  }

  @Override
  public boolean cancelled() {
    return ended;
  }
}
