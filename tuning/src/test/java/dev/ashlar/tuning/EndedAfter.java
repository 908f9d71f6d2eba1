package dev.ashlar.tuning;

/** Ends a run when it has been told so often how it goes. */
public final class EndedAfter implements RunListener {
  private int left;

  /** After so many calls. */
  public EndedAfter(int calls) {
    left = calls;
  }

  @Override
  public void progress(Progress progress) {
    left--;
  }

  @Override
  public boolean cancelled() {
    return left <= 0;
  }
}
