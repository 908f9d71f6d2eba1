package dev.ashlar.tuning.signround;

import java.util.Optional;

/**
 * What can be set of SignRound (Cheng et al., arXiv 2309.05516).
 *
 * @param iterations sign steps per unit
 * @param lr first step of V; 0 means 1/iterations, or 2/iterations for layers of at most 3 bits
 *     from 1000 iterations on
 * @param minMaxLr first step of α and β; 0 means the layer's {@code lr}
 * @param minMaxTuning whether α and β are tuned at all
 * @param keepBest whether the best iteration is kept rather than the last
 * @param dynamicMaxGap stop when that many iterations brought nothing better; −1 never
 * @param clampV bound of |V|, or 0 for none (the schedule bounds it at about 0.5 by itself)
 * @param exactGradients whether gradients pass where a weight lands on the first or last code, as
 *     the exact formulas say; AutoRound stops them there. Empty decides by the layer's bits ({@link
 *     #exact}): on SmolLM2-135M, asymmetric, groups of 64, exact gradients reach a perplexity of 82
 *     against 102 at 2 bits, but 54 against 39 at 3 bits
 * @param holdoutEvery 0 to compare the losses of the iterations' own batches, as AutoRound does;
 *     otherwise every how many iterations the loss of a fixed set of samples is taken instead
 * @param holdoutSamples size of that set: the first samples
 * @param variant what is done otherwise than in the paper
 */
public record SignRoundOptions(
    int iterations,
    double lr,
    double minMaxLr,
    boolean minMaxTuning,
    boolean keepBest,
    int dynamicMaxGap,
    double clampV,
    Optional<Boolean> exactGradients,
    int holdoutEvery,
    int holdoutSamples,
    SignRoundVariant variant) {
  private static final int MOST_ITERATIONS = 1_000_000;
  private static final int MANY_ITERATIONS = 1000;
  private static final int FEW_BITS = 3;
  private static final int FEWEST_BITS = 2;

  public SignRoundOptions {
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IllegalArgumentException(
          "iters must be 1 to " + MOST_ITERATIONS + ": " + iterations);
    }
    if (!(lr >= 0) || !(minMaxLr >= 0) || !(clampV >= 0)) {
      throw new IllegalArgumentException(
          "lr, minmax_lr and clamp_v must not be negative: "
              + lr
              + ", "
              + minMaxLr
              + ", "
              + clampV);
    }
    if (holdoutEvery < 0 || holdoutSamples < 1) {
      throw new IllegalArgumentException(
          "holdout_every must not be negative and holdout_samples be at least 1: "
              + holdoutEvery
              + ", "
              + holdoutSamples);
    }
  }

  /** The paper's own. */
  public SignRoundOptions(
      int iterations,
      double lr,
      double minMaxLr,
      boolean minMaxTuning,
      boolean keepBest,
      int dynamicMaxGap,
      double clampV,
      Optional<Boolean> exactGradients,
      int holdoutEvery,
      int holdoutSamples) {
    this(
        iterations,
        lr,
        minMaxLr,
        minMaxTuning,
        keepBest,
        dynamicMaxGap,
        clampV,
        exactGradients,
        holdoutEvery,
        holdoutSamples,
        SignRoundVariant.NONE);
  }

  /** The defaults with that many iterations: AutoRound's, but with exact gradients at 2 bits. */
  public static SignRoundOptions of(int iterations) {
    return new SignRoundOptions(iterations, 0, 0, true, true, -1, 0, Optional.empty(), 0, 8);
  }

  /** The same with AutoRound's own gradients, to follow its runs step by step. */
  public SignRoundOptions asAutoRound() {
    return with(lr, minMaxLr, Optional.of(false));
  }

  /** The same with other first steps; see {@link #lr()} for the meaning of 0. */
  public SignRoundOptions withLr(double lr, double minMaxLr) {
    return with(lr, minMaxLr, exactGradients);
  }

  private SignRoundOptions with(double lr, double minMaxLr, Optional<Boolean> exactGradients) {
    return new SignRoundOptions(
        iterations,
        lr,
        minMaxLr,
        minMaxTuning,
        keepBest,
        dynamicMaxGap,
        clampV,
        exactGradients,
        holdoutEvery,
        holdoutSamples,
        variant);
  }

  /** All of them by the names that users set them by; equal lines say the same. */
  String describe() {
    return "iters="
        + iterations
        + ", lr="
        + lr
        + ", minmax_lr="
        + minMaxLr
        + ", enable_minmax_tuning="
        + minMaxTuning
        + ", not_use_best_mse="
        + !keepBest
        + ", dynamic_max_gap="
        + dynamicMaxGap
        + ", clamp_v="
        + clampV
        + ", exact_gradients="
        + exactGradients.map(String::valueOf).orElse("auto")
        + ", holdout_every="
        + holdoutEvery
        + ", holdout_samples="
        + holdoutSamples
        + variant.describe();
  }

  /**
   * Whether a layer of that code width has exact gradients. At 2 bits half of all weights lie on
   * the first or last code; where they are few, stopping them keeps large weights from drifting.
   */
  boolean exact(int bits) {
    return exactGradients.orElse(bits <= FEWEST_BITS);
  }

  /** First step of V for a layer of that code width. */
  double firstLr(int bits) {
    if (lr > 0) {
      return lr;
    }
    boolean coarse = iterations >= MANY_ITERATIONS && bits <= FEW_BITS;
    return (coarse ? 2.0 : 1.0) / iterations;
  }

  /** First step of α and β for a layer of that code width. */
  double firstMinMaxLr(int bits) {
    return minMaxLr > 0 ? minMaxLr : firstLr(bits);
  }

  /**
   * Steps of all iterations: linear decay from {@code first} to zero, in the roundings of
   * AutoRound's scheduler, which multiplies a float32 by float32 factors. A last bit in α can move
   * a scale to the next float16.
   */
  float[] schedule(double first) {
    float[] steps = new float[iterations];
    float lr = (float) first;
    for (int i = 0; i < iterations; i++) {
      steps[i] = lr;
      lr *= (float) (1.0 - 1.0 / (iterations - i));
    }
    return steps;
  }
}
