package dev.ashlar.bench.peers;

import java.util.function.Supplier;

/**
 * One piece of work that both sides do.
 *
 * @param group heading under which it is shown
 * @param name the work and its sizes
 * @param peer who does it too
 * @param request what the peer is told to prepare
 * @param threads for both
 * @param work billions of operations or bytes of one call, or 0 to show milliseconds
 * @param unit of {@code work} per second
 * @param tolerance how far the sampled results may be apart, relative to the largest of them
 * @param ours makes our side: an action that does the work once, and its result
 */
record Contest(
    String group,
    String name,
    Peer peer,
    String request,
    int threads,
    double work,
    String unit,
    double tolerance,
    Supplier<Side> ours) {
  /**
   * Our side of it.
   *
   * @param calls how many calls of the peer one call of {@code work} is worth
   */
  record Side(Runnable work, int calls, Supplier<float[]> result) {
    Side(Runnable work, Supplier<float[]> result) {
      this(work, 1, result);
    }
  }
}
