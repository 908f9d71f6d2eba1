package dev.ashlar.tuning;

/** Ends a run when its first unit is finished. */
public final class KilledBehindTheFirst implements RunListener {
  private boolean ended;

  /** Nothing has ended yet. */
  public KilledBehindTheFirst() {}

  @Override
  public void unitFinished(UnitReport unit) {
    ended = true;
  }

  @Override
  public boolean cancelled() {
    return ended;
  }
}
