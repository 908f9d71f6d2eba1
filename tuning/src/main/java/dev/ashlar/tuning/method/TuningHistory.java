package dev.ashlar.tuning.method;

import java.util.List;

/**
 * How the tuning of a unit went.
 *
 * @param losses of each iteration's batch: squared error meaned over all elements of the batch,
 *     divided by the number of counted tokens if any is left out
 * @param bestIteration the iteration whose parameters were kept; iteration 0 is round-to-nearest
 * @param bestLoss the loss by which it was chosen
 * @param diverged whether the tuning was broken off because the loss was no longer a number
 */
public record TuningHistory(
    List<Double> losses, int bestIteration, double bestLoss, boolean diverged) {
  public TuningHistory {
    losses = List.copyOf(losses);
  }

  /** Loss of round-to-nearest on the first batch. */
  public double firstLoss() {
    return losses.getFirst();
  }
}
