package dev.ashlar.nn.decoder;

import dev.ashlar.tensor.autograd.op.Rotate;
import java.util.List;

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864).
 *
 * @param dim leading elements of each head that turn; even
 * @param theta base of the frequencies
 * @param interleaved pairs {@code (2i, 2i+1)} instead of {@code (i, i + dim/2)}
 * @param scaling how positions beyond the training length are handled
 */
public record RotarySpec(int dim, double theta, boolean interleaved, Scaling scaling) {
  /**
   * Cosines and sines of the first {@code positions} positions.
   *
   * @param positions the length of the sequence too, for scalings that depend on it
   */
  public Rotate.Tables tables(int positions) {
    return new RotaryTables(this).upTo(positions, positions);
  }

  /** Ways to stretch the positions, under the names of Hugging Face's {@code rope_type}. */
  public sealed interface Scaling {
    /** Frequencies as they are. */
    record None() implements Scaling {}

    /** All frequencies divided by {@code factor}. */
    record Linear(double factor) implements Scaling {}

    /** The base grows with the sequence once it is longer than {@code original}. */
    record DynamicNtk(double factor, int original) implements Scaling {}

    /** Llama 3.1: low frequencies divided by {@code factor}, with a smooth transition. */
    record Llama3(double factor, double lowFrequency, double highFrequency, int original)
        implements Scaling {}

    /**
     * YaRN (Peng et al., arXiv 2309.00071).
     *
     * @param attentionFactor multiplies cosines and sines
     * @param truncate whether the bounds of the ramp are rounded to whole dimensions
     */
    record Yarn(
        double factor,
        double betaFast,
        double betaSlow,
        int original,
        double attentionFactor,
        boolean truncate)
        implements Scaling {}

    /**
     * LongRoPE (Ding et al., arXiv 2402.13753): a factor per frequency, one list up to {@code
     * original} positions and another beyond.
     *
     * @param attentionFactor multiplies cosines and sines
     */
    record LongRope(
        List<Double> shortFactors, List<Double> longFactors, int original, double attentionFactor)
        implements Scaling {}
  }
}
