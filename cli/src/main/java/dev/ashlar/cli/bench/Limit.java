package dev.ashlar.cli.bench;

/** How long a line may be worked on, and who does it. */
@FunctionalInterface
interface Limit {
  /** The caller, for as long as it takes. */
  Limit NONE = (part, body) -> body.run();

  /**
   * Does a part of a line.
   *
   * @param part what it is, for messages: {@code "its first call"}
   * @throws NotMeasured if time is up, before the part or within it; what was begun may then still
   *     go on
   */
  void run(String part, Runnable body);

  /**
   * Refuses what cannot end in time.
   *
   * @param seconds that one call takes
   * @param calls that are still to be done
   * @throws NotMeasured if they are too many
   */
  default void require(double seconds, int calls) {}
}
