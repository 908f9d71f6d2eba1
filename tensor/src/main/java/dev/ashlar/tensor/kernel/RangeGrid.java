package dev.ashlar.tensor.kernel;

import dev.ashlar.tensor.kernel.FakeQuantKernel.Parameters;
import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * What the fake quantizers compute once per group, in one place because its bits decide the codes:
 * scale and zero point from the range and its multipliers, and the multipliers' gradients (arXiv
 * 2309.05516, section 3, with AutoRound's signed full-range scale). Group {@code at} is row {@code
 * at / groups}, group {@code at % groups} of it.
 */
public final class RangeGrid {
  private RangeGrid() {}

  /** Index of the first weight of group {@code at}. */
  public static int start(Parameters p, int at) {
    int groups = p.scheme().groups(p.in());
    return at / groups * p.in() + at % groups * p.scheme().effectiveGroup(p.in());
  }

  /** Weights in group {@code at}. */
  public static int length(Parameters p, int at) {
    int size = p.scheme().effectiveGroup(p.in());
    return Math.min(size, p.in() - at % p.scheme().groups(p.in()) * size);
  }

  /**
   * Clamps the multipliers of group {@code at} to their bounds and sets its scale and zero point.
   */
  public static void set(Parameters p, int at, float[] scales, byte[] zeros) {
    clamp(p.minScale(), at, p.bound());
    clamp(p.maxScale(), at, p.bound());
    IntegerGrid scheme = p.scheme();
    if (scheme.symmetric()) {
      scales[at] = floored(scheme, scheme.roundScale(signedRange(p, at) / scheme.middle()));
      zeros[at] = (byte) scheme.middle();
    } else {
      float low = low(p, at);
      float s =
          Math.max(scheme.roundScale((high(p, at) - low) / scheme.maxCode()), scheme.scaleFloor());
      scales[at] = s;
      zeros[at] = (byte) Math.clamp((float) Math.rint(-low / s), 0f, scheme.maxCode());
    }
  }

  /**
   * ∂L/∂α of group {@code at}.
   *
   * @param sumCode Σ G·(u − zero)
   * @param sumWeight Σ G·γ·w/s
   * @param sumSaturated Σ G·(1 − γ)
   */
  public static float minGradient(
      Parameters p, int at, float s, double sumCode, double sumWeight, double sumSaturated) {
    float wMin = p.wMin()[at];
    double d = scaleGradient(p, at, s, sumCode, sumWeight, sumSaturated);
    if (!p.scheme().symmetric()) {
      return (float) (wMin * (-d + sumSaturated));
    }
    float low = -low(p, at);
    float high = high(p, at);
    if (high == low) {
      return (float) (0.5 * d * wMin);
    }
    return high < low ? (float) (d * -wMin) : 0f;
  }

  /** ∂L/∂β of group {@code at}; parameters as in {@link #minGradient}. */
  public static float maxGradient(
      Parameters p, int at, float s, double sumCode, double sumWeight, double sumSaturated) {
    float wMax = p.wMax()[at];
    double d = scaleGradient(p, at, s, sumCode, sumWeight, sumSaturated);
    if (!p.scheme().symmetric()) {
      return (float) (wMax * d);
    }
    float low = -low(p, at);
    float high = high(p, at);
    double share = high == low ? 0.5 : 1;
    return high >= low ? (float) (share * -d * wMax) : 0f;
  }

  /** Gradient of the range that the scale is taken from; 0 where the floor decides the scale. */
  private static double scaleGradient(
      Parameters p, int at, float s, double sumCode, double sumWeight, double sumSaturated) {
    IntegerGrid scheme = p.scheme();
    float low = low(p, at);
    boolean symmetric = scheme.symmetric();
    int steps = symmetric ? scheme.middle() : scheme.maxCode();
    float range = symmetric ? signedRange(p, at) : high(p, at) - low;
    if (Math.abs(scheme.roundScale(range / steps)) < scheme.scaleFloor()) {
      return 0;
    }
    double sumZero = symmetric ? 0 : sumSaturated * low / s;
    // The scale is used three times in the peer's graph, and each use gives a float16 gradient.
    float d = scheme.roundScale((float) sumCode) - scheme.roundScale((float) sumWeight);
    float half = scheme.roundScale(scheme.roundScale(d) - scheme.roundScale((float) sumZero));
    // Massive activations overflow float16; the peer is left with NaN there and makes no step.
    boolean exact = p.exact() || !Float.isFinite(half);
    double gradient = (exact ? sumCode - sumWeight - sumZero : half) / steps;
    return Double.isNaN(gradient) ? 0 : gradient;
  }

  /** The larger magnitude of the range, negative if it is the upper end's. */
  private static float signedRange(Parameters p, int at) {
    float a = -low(p, at);
    float high = high(p, at);
    return high < a ? a : -high;
  }

  private static float low(Parameters p, int at) {
    return p.wMin()[at] * factor(p.minScale(), at);
  }

  private static float high(Parameters p, int at) {
    return p.wMax()[at] * factor(p.maxScale(), at);
  }

  private static float factor(float[] scale, int at) {
    return scale == null ? 1f : scale[at];
  }

  private static void clamp(float[] scale, int at, float bound) {
    if (scale != null) {
      scale[at] = Math.clamp(scale[at], 0f, bound);
    }
  }

  private static float floored(IntegerGrid scheme, float s) {
    return s < 0 ? Math.min(s, -scheme.scaleFloor()) : Math.max(s, scheme.scaleFloor());
  }
}
