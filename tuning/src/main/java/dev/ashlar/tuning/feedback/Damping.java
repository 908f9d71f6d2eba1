package dev.ashlar.tuning.feedback;

import java.util.OptionalDouble;

/**
 * λ: what is added to the diagonal of H, as a share of its mean. Moments are the noisier the fewer
 * tokens they are of and the wider the input is: the spectrum that is seen is off by about the root
 * of {@code in / tokens} (Marchenko and Pastur 1967). {@code docs/recipe.md} has what was measured.
 *
 * @param share of one's own in place of that
 */
record Damping(OptionalDouble share) {
  /** By width and tokens. */
  static final Damping AUTO = new Damping(OptionalDouble.empty());

  /** What many tokens leave to do: calibration is not all the text that there is. */
  private static final double LEAST = 0.4;

  /** For an input per token. */
  private static final double FEW_TOKENS = 1.5;

  Damping {
    if (share.isPresent() && !(share.getAsDouble() > 0)) {
      throw new IllegalArgumentException("damping must be positive: " + share.getAsDouble());
    }
  }

  static Damping of(double share) {
    return new Damping(OptionalDouble.of(share));
  }

  /** The share for moments of so many inputs and tokens. */
  double of(int in, long tokens) {
    return share.orElseGet(() -> Math.max(LEAST, FEW_TOKENS * in / Math.max(1, tokens)));
  }

  @Override
  public String toString() {
    return share.isPresent() ? Double.toString(share.getAsDouble()) : "auto";
  }
}
