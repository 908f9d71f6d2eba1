package dev.ashlar.tensor.kernel;

/** Whether a backend can run in this process, with the reason in one line. */
public sealed interface Availability {
  /** Why, for people; begins in lower case and has no full stop. */
  String reason();

  /**
   * It runs as it should and may be chosen.
   *
   * @param reason what it runs on, as {@link Backend#description()}
   */
  record Ready(String reason) implements Availability {}

  /**
   * It gives right results, but slower than backends of lower priority: only who names it gets it.
   */
  record Slow(String reason) implements Availability {}

  /**
   * It cannot run here.
   *
   * @param reason what is missing, and the flag or step that would supply it, if there is one
   */
  record Absent(String reason) implements Availability {}
}
