package dev.ashlar.cli.bench;

/**
 * Who may compute now. Processes that measure the same things beside each other take turns, round
 * by round, so that what disturbs one of them disturbs the others.
 */
@FunctionalInterface
public interface Turns {
  /** A process that has the machine to itself. */
  Turns ALONE = (done, total, what) -> {};

  /**
   * Ends this process's turn, if it has one, and waits for the next.
   *
   * @param done of {@code total} groups
   * @param what is measured next
   */
  void next(int done, int total, String what);
}
