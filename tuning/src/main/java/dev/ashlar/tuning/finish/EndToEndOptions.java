package dev.ashlar.tuning.finish;

/**
 * How a model is tuned end to end.
 *
 * @param steps of Adam; 0 for none
 * @param rate first step of the relative change of scales; 0 means by the bits of their codes: 3e-3
 *     at 2, 2e-3 at 3, 1e-3 from 4 on
 * @param normRate first step of norm weights; 0 means 2e-3, or 1e-3 where no codes have fewer than
 *     4 bits
 * @param batch samples of one step
 * @param heldOut samples, the last, by which is decided whether the result is kept
 * @param labels what share of the loss the text's own next tokens have, 0 to 1; the rest is the
 *     divergence from the float model
 */
public record EndToEndOptions(
    int steps, double rate, double normRate, int batch, int heldOut, double labels) {
  private static final double[] RATES = {3e-3, 2e-3, 1e-3};
  private static final int FEWEST_BITS = 2;
  private static final double LARGE_NORM_RATE = 2e-3;
  private static final double SMALL_NORM_RATE = 1e-3;

  public EndToEndOptions {
    if (steps < 0 || !(rate >= 0) || !(normRate >= 0) || batch < 1 || heldOut < 0) {
      throw new IllegalArgumentException(
          "steps, rates and held-out samples must not be negative, and the batch at least 1: "
              + steps
              + ", "
              + rate
              + ", "
              + normRate
              + ", "
              + heldOut
              + ", "
              + batch);
    }
    if (!(labels >= 0) || labels > 1) {
      throw new IllegalArgumentException(
          "option labels takes a share from 0 to 1, found " + labels);
    }
  }

  float rate(int bits) {
    return (float) (rate > 0 ? rate : RATES[Math.clamp(bits - FEWEST_BITS, 0, RATES.length - 1)]);
  }

  float normRate(int fewestBits) {
    if (normRate > 0) {
      return (float) normRate;
    }
    return (float) (fewestBits < 4 ? LARGE_NORM_RATE : SMALL_NORM_RATE);
  }

  /** Everything that decides the result, as {@code name=value} behind commas. */
  public String describe() {
    return "steps="
        + steps
        + ", rate="
        + rate
        + ", norm rate="
        + normRate
        + ", batch="
        + batch
        + ", held out="
        + heldOut
        + (labels == 0 ? "" : ", labels=" + labels);
  }
}
