package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;

/**
 * What a least-squares fit of a grid to weights asks, for many steps beside each other: the codes
 * {@code q} that a step leads to come in by {@code Σwq}, {@code Σwq²} and {@code Σwqx}, from which
 * the best step for these codes, its error and, with an offset, the best offset follow.
 *
 * <p>Every backend and vector width gives the same bits: each candidate has sums of its own, in
 * which elements follow each other in their order, and no step is fused. Groups are meant to be
 * short (16 to 256 elements): sums are floats.
 */
public interface GridSumsKernel {
  /** Arrays of candidates are a multiple of this long. */
  int PADDING = 16;

  /**
   * Candidates, and what is found of them.
   *
   * @param inverses one over the step, of each candidate
   * @param shifts what is taken off the values first, of each candidate
   * @param codes receives {@code Σ w·q}
   * @param squares receives {@code Σ w·q²}
   * @param products receives {@code Σ w·q·x}, x as it is given
   */
  record Candidates(
      float[] inverses, float[] shifts, float[] codes, float[] squares, float[] products) {
    /** Room for {@code most} candidates at least, none of them set, without shifts. */
    public static Candidates room(int most) {
      int n = (most + PADDING - 1) / PADDING * PADDING;
      return new Candidates(new float[n], new float[n], new float[n], new float[n], new float[n]);
    }
  }

  /**
   * Whole codes: {@code q = rint((x − shift) · inverse)}, clamped, ties to even.
   *
   * @param group values {@code x}, and the weight {@code w} of each
   * @param count candidates that are set; what lies behind them in the arrays is overwritten
   * @param low the lowest code
   * @param high the highest code
   */
  void integers(Group group, float low, float high, int count, Candidates candidates);

  /**
   * Codes out of a table: {@code q} is the entry that is nearest to {@code (x − shift) · inverse},
   * of two as near the lower one.
   *
   * @param table ascending, an even number of entries
   */
  void table(Group group, float[] table, int count, Candidates candidates);
}
