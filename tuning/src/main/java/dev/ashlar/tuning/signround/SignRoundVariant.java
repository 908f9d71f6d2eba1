package dev.ashlar.tuning.signround;

/**
 * What AutoRound can do otherwise than SignRound's paper.
 *
 * @param momentum μ of the gradients whose signs are taken: {@code b ← μ·b + d}; 0 for none
 * @param adam AdamW (arXiv 1711.05101) without decay in place of sign steps
 * @param extension SignRound v2: the ranges begin where a search for scales ends ({@link
 *     dev.ashlar.tuning.layerwise.ScaleSearch}), each multiplier may reach 2, and below 4 bits the
 *     thousandth of a batch's output elements that is farthest off does not count in the loss.
 *     AutoRound has it for symmetric grids; asymmetric ones begin with their own search here. On
 *     grids of two levels what was searched stays, and V alone is tuned
 * @param normsAndBiases whether the weights of norms and the biases of quantized layers are tuned
 *     with the codes
 */
public record SignRoundVariant(
    double momentum, boolean adam, boolean extension, boolean normsAndBiases) {
  /** As the paper has it. */
  public static final SignRoundVariant NONE = new SignRoundVariant(0, false, false, false);

  /** AutoRound's bound of multipliers of searched ranges; others are extremes and only shrink. */
  private static final float SEARCHED_BOUND = 2;

  public SignRoundVariant {
    if (!(momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException("momentum must be at least 0 and below 1: " + momentum);
    }
    if (adam && momentum > 0) {
      throw new IllegalArgumentException("Adam has a momentum of its own: leave out momentum");
    }
  }

  /** Largest multiplier of a range. */
  float bound() {
    return extension ? SEARCHED_BOUND : 1;
  }

  /** Whether parameters step by more than the signs of present gradients. */
  boolean hasMemory() {
    return adam || momentum > 0;
  }

  /** As users set it, behind the other options; nothing for {@link #NONE}. */
  String describe() {
    return equals(NONE)
        ? ""
        : ", momentum="
            + momentum
            + ", enable_adam="
            + adam
            + ", enable_alg_ext="
            + extension
            + ", enable_norm_bias_tuning="
            + normsAndBiases;
  }
}
