package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.quant.SuperGrid;

/**
 * Weights rounded on a grid of two levels with an offset V before rounding, and the gradients of
 * that, rounding passed straight through (AutoRound; arXiv 2309.05516, equation 3):
 *
 * <pre>
 *   step = d·scale                low = −(e·minimum), or −step·zero without minimums
 *   code = clamp(rint((w − low) / step + V), 0, last)        ŵ = step·code + low
 *
 *   ∂ŵ/∂V    = γ·step
 *   ∂ŵ/∂step = code − γ·(w − low) / step                     γ: whether the clamp has no effect
 *   ∂ŵ/∂low  = 1 − γ
 * </pre>
 *
 * A group without a step is its lowest value. Rows are independent; arrays are {@code [out, in]} or
 * {@code [out, groups]}.
 *
 * @param grid with rows of whole super-blocks
 * @param weight {@code [out, in]}
 * @param value V, {@code [out, in]}
 * @param exact whether gradients pass where a weight lands on the first or last code by itself
 */
public record TwoLevelRounding(
    SuperGrid grid, int in, float[] weight, float[] value, boolean exact) {

  /**
   * The present scales and minimums.
   *
   * @param steps {@code d} of each super-block
   * @param belows {@code e} of each super-block; unused where there are no minimums
   * @param scales of each group
   * @param minimums of each group; unused where there are none
   */
  public record Levels(float[] steps, float[] belows, byte[] scales, byte[] minimums) {
    /** Room for a matrix. */
    public static Levels of(SuperGrid grid, int out, int in) {
      int blocks = out * (in / grid.blockSize());
      int groups = blocks * grid.perBlock();
      return new Levels(new float[blocks], new float[blocks], new byte[groups], new byte[groups]);
    }
  }

  private float step(Levels at, int group) {
    return at.steps[group / grid.perBlock()] * at.scales[group];
  }

  private float low(Levels at, int group) {
    return grid.symmetric() ? 0 : -(at.belows[group / grid.perBlock()] * at.minimums[group]);
  }

  /** What is rounded to a code, counted from the lowest. */
  private float scaled(int i, float step, float low) {
    return grid.symmetric() ? weight[i] / step + value[i] : (weight[i] - low) / step + value[i];
  }

  /**
   * Rounds rows {@code [from, to)}.
   *
   * @param rounded receives ŵ; null if it is not wanted
   * @param codes receives codes from zero up; null if they are not wanted
   */
  public void forward(Levels at, int from, int to, float[] rounded, byte[] codes) {
    int size = grid.groupSize();
    int groups = in / size;
    int zero = grid.symmetric() ? grid.middle() : 0;
    int last = grid.maxCode() - zero;
    for (int g = from * groups; g < to * groups; g++) {
      float step = step(at, g);
      float low = low(at, g);
      for (int i = g * size; i < (g + 1) * size; i++) {
        float q = step == 0 ? 0 : Math.clamp((float) Math.rint(scaled(i, step, low)), -zero, last);
        if (rounded != null) {
          // As the matrix has it, to the sign of zero.
          rounded[i] = grid.symmetric() ? step * (int) q : Math.fma(step, (int) q, low);
        }
        if (codes != null) {
          codes[i] = (byte) ((int) q + zero);
        }
      }
    }
  }

  /**
   * Gradients of rows {@code [from, to)}.
   *
   * @param gradient of ŵ
   * @param dValue receives that of V; may be {@code gradient} itself
   * @param dStep receives that of each group's step, all else held
   * @param dLow receives that of each group's lowest value, the step held; zeros without minimums
   */
  public void backward(
      Levels at, int from, int to, float[] gradient, float[] dValue, float[] dStep, float[] dLow) {
    int size = grid.groupSize();
    int groups = in / size;
    int zero = grid.symmetric() ? grid.middle() : 0;
    int last = grid.maxCode() - zero;
    int inner = exact ? 0 : 1;
    for (int g = from * groups; g < to * groups; g++) {
      float step = step(at, g);
      float low = low(at, g);
      double steps = 0;
      double outside = 0;
      for (int i = g * size; i < (g + 1) * size; i++) {
        float d = gradient[i];
        float r = step == 0 ? -zero - 1 : (float) Math.rint(scaled(i, step, low));
        boolean inside = r >= -zero + inner && r <= last - inner;
        float q = step == 0 ? 0 : Math.clamp(r, -zero, last);
        dValue[i] = inside ? step * d : 0;
        steps += (double) d * (inside ? q - (weight[i] - low) / step : q);
        outside += inside ? 0 : d;
      }
      dStep[g] = (float) steps;
      dLow[g] = grid.symmetric() ? 0 : (float) outside;
    }
  }
}
