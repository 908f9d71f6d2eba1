package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * The integer weight quantizers of SignRound (arXiv 2309.05516, section 3) on rows {@code [from,
 * to)} of a weight matrix {@code [out, in]}: quantize-dequantize with the trainable rounding offset
 * V and range multipliers α, β, and what the sign optimizer needs of its gradient.
 *
 * <p>All matrices are dense {@code [out, in]}, per-group values {@code [out, groups]}; a short last
 * group is just shorter. Rounding is half to even; the scale is rounded to the scheme's scale type
 * inside the forward and floored at {@link IntegerGrid#scaleFloor()}, keeping its sign.
 */
public interface FakeQuantKernel {
  /**
   * A weight matrix and what is trained for it.
   *
   * @param wMin per group {@code min(min w, 0)}
   * @param wMax per group {@code max(max w, 0)}
   * @param value V, or null for zeros
   * @param minScale α, or null for ones; clamped in place to [0, {@code bound}] by the forward
   * @param maxScale β, likewise
   * @param exact whether gradients are the exact ones of the forward's formulas. Otherwise they are
   *     those of auto-round 0.16.1, as its traces show: none passes (γ = 0) where the unclamped
   *     code lands exactly on the first or the last code, and the gradient of a float16 scale is
   *     rounded to float16 at each of the scale's uses
   * @param bound of α and β: 1, or more where the range is no extreme but a guess
   */
  record Parameters(
      IntegerGrid scheme,
      int out,
      int in,
      float[] weight,
      float[] wMin,
      float[] wMax,
      float[] value,
      float[] minScale,
      float[] maxScale,
      boolean exact,
      float bound) {
    /** With exact gradients and multipliers of at most 1. */
    public Parameters(
        IntegerGrid scheme,
        int out,
        int in,
        float[] weight,
        float[] wMin,
        float[] wMax,
        float[] value,
        float[] minScale,
        float[] maxScale) {
      this(scheme, out, in, weight, wMin, wMax, value, minScale, maxScale, true, 1f);
    }

    /** Lowest unclamped code through which gradients pass. */
    public int firstPassing() {
      return exact ? 0 : 1;
    }

    /** Highest unclamped code through which gradients pass. */
    public int lastPassing() {
      return exact ? scheme.maxCode() : scheme.maxCode() - 1;
    }
  }

  /** Fills {@code wMin} and {@code wMax} of each group from the weights. */
  void range(
      IntegerGrid scheme, int from, int to, int in, float[] weight, float[] wMin, float[] wMax);

  /**
   * {@code ŵ = s·(u − zero)}.
   *
   * @param quantized receives ŵ, or null
   * @param codes receives the unsigned codes u, or null
   * @param scales receives the signed scales {@code [out, groups]}
   * @param zeros receives the unsigned zero points {@code [out, groups]}
   */
  void forward(
      Parameters p,
      int from,
      int to,
      float[] quantized,
      byte[] codes,
      float[] scales,
      byte[] zeros);

  /**
   * Exact gradients of V, α and β, given {@code gradient = ∂L/∂ŵ}, at the parameters and scales of
   * the last forward. Outputs are overwritten.
   */
  void backward(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float[] dValue,
      float[] dMinScale,
      float[] dMaxScale);

  /**
   * One SignSGD step fused with {@link #backward}: {@code V −= lr·sign(∂L/∂V)}, {@code α −=
   * minMaxLr·sign(∂L/∂α)}, likewise β; {@code sign(0) = 0}. No gradient of V is stored. α and β
   * stay where they are if null.
   */
  void signStep(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float lr,
      float minMaxLr);
}
