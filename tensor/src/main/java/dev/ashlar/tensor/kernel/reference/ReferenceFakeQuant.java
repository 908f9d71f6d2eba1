package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.QuantScheme;

/**
 * The quantizers of the algorithm specification, sections 2.1, 2.2, 3.1 and 3.2, group by group.
 * The forward is in float, as the peers compute it, because codes must agree; gradient sums are in
 * double.
 */
final class ReferenceFakeQuant implements FakeQuantKernel {
  @Override
  public void range(
      QuantScheme scheme, int from, int to, int in, float[] weight, float[] wMin, float[] wMax) {
    int groups = scheme.groups(in);
    int size = scheme.effectiveGroup(in);
    for (int r = from; r < to; r++) {
      for (int g = 0; g < groups; g++) {
        float min = 0;
        float max = 0;
        for (int k = g * size; k < Math.min(in, (g + 1) * size); k++) {
          min = Math.min(min, weight[r * in + k]);
          max = Math.max(max, weight[r * in + k]);
        }
        wMin[r * groups + g] = min;
        wMax[r * groups + g] = max;
      }
    }
  }

  @Override
  public void forward(
      Parameters p,
      int from,
      int to,
      float[] quantized,
      byte[] codes,
      float[] scales,
      byte[] zeros) {
    int groups = p.scheme().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      clamp(p.minScale(), at);
      clamp(p.maxScale(), at);
      grid(p, at, scales, zeros);
      int start = start(p, groups, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      for (int i = start; i < start + length(p, groups, at); i++) {
        int u = (int) Math.clamp(rounded(p, i, s) + zero, 0f, p.scheme().maxCode());
        if (quantized != null) {
          quantized[i] = s * (u - zero);
        }
        if (codes != null) {
          codes[i] = (byte) u;
        }
      }
    }
  }

  /** Scale and zero point of group {@code at}. */
  private static void grid(Parameters p, int at, float[] scales, byte[] zeros) {
    float low = p.wMin()[at] * factor(p.minScale(), at);
    float high = p.wMax()[at] * factor(p.maxScale(), at);
    if (p.scheme().symmetric()) {
      float a = -low;
      float magnitude = high < a ? a : -high;
      scales[at] = floored(p.scheme(), p.scheme().roundScale(magnitude / p.scheme().middle()));
      zeros[at] = (byte) p.scheme().middle();
    } else {
      float s =
          Math.max(
              p.scheme().roundScale((high - low) / p.scheme().maxCode()), p.scheme().scaleFloor());
      scales[at] = s;
      zeros[at] = (byte) Math.clamp((float) Math.rint(-low / s), 0f, p.scheme().maxCode());
    }
  }

  @Override
  public void backward(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float[] dValue,
      float[] dMinScale,
      float[] dMaxScale) {
    int groups = p.scheme().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      int start = start(p, groups, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      double sumScale = 0;
      double sumSaturated = 0;
      for (int i = start; i < start + length(p, groups, at); i++) {
        float r = rounded(p, i, s) + zero;
        boolean inside = r >= p.firstPassing() && r <= p.lastPassing();
        float u = Math.clamp(r, 0f, p.scheme().maxCode());
        dValue[i] = inside ? s * gradient[i] : 0f;
        sumScale += gradient[i] * ((u - zero) - (inside ? (double) p.weight()[i] / s : 0));
        sumSaturated += inside ? 0 : gradient[i];
      }
      rangeGradients(p, at, s, sumScale, sumSaturated, dMinScale, dMaxScale);
    }
  }

  /**
   * @param sumScale Σ G·(u − zero − γ·w/s)
   * @param sumSaturated Σ G·(1 − γ)
   */
  private static void rangeGradients(
      Parameters p,
      int at,
      float s,
      double sumScale,
      double sumSaturated,
      float[] dMinScale,
      float[] dMaxScale) {
    float wMin = p.wMin()[at];
    float wMax = p.wMax()[at];
    float low = wMin * factor(p.minScale(), at);
    float high = wMax * factor(p.maxScale(), at);
    QuantScheme scheme = p.scheme();
    if (scheme.symmetric()) {
      float a = -low;
      boolean raised =
          Math.abs(scheme.roundScale((high < a ? a : -high) / scheme.middle()))
              < scheme.scaleFloor();
      double d = raised ? 0 : sumScale / scheme.middle();
      double share = high == a ? 0.5 : 1;
      dMaxScale[at] = high >= a ? (float) (share * -d * wMax) : 0f;
      dMinScale[at] = high == a ? (float) (share * d * wMin) : high < a ? (float) (d * -wMin) : 0f;
    } else {
      boolean raised = scheme.roundScale((high - low) / scheme.maxCode()) < scheme.scaleFloor();
      double perElement = sumScale - sumSaturated * low / s;
      double d = raised ? 0 : perElement / scheme.maxCode();
      dMaxScale[at] = (float) (wMax * d);
      dMinScale[at] = (float) (wMin * (-d + sumSaturated));
    }
  }

  @Override
  public void signStep(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      byte[] zeros,
      float lr,
      float minMaxLr) {
    float[] dValue = new float[p.out() * p.in()];
    float[] dMin = new float[scales.length];
    float[] dMax = new float[scales.length];
    backward(p, from, to, gradient, scales, zeros, dValue, dMin, dMax);
    int groups = p.scheme().groups(p.in());
    step(p.value(), dValue, from * p.in(), to * p.in(), lr);
    step(p.minScale(), dMin, from * groups, to * groups, minMaxLr);
    step(p.maxScale(), dMax, from * groups, to * groups, minMaxLr);
  }

  private static void step(float[] parameter, float[] gradient, int from, int to, float lr) {
    if (parameter == null) {
      return;
    }
    for (int i = from; i < to; i++) {
      parameter[i] -= lr * Math.signum(gradient[i]);
    }
  }

  private static int start(Parameters p, int groups, int at) {
    return at / groups * p.in() + at % groups * p.scheme().effectiveGroup(p.in());
  }

  private static int length(Parameters p, int groups, int at) {
    int size = p.scheme().effectiveGroup(p.in());
    return Math.min(size, p.in() - at % groups * size);
  }

  private static float rounded(Parameters p, int i, float s) {
    float v = p.value() == null ? 0f : p.value()[i];
    return (float) Math.rint(p.weight()[i] / s + v);
  }

  private static float factor(float[] scale, int at) {
    return scale == null ? 1f : scale[at];
  }

  private static void clamp(float[] scale, int at) {
    if (scale != null) {
      scale[at] = Math.clamp(scale[at], 0f, 1f);
    }
  }

  private static float floored(QuantScheme scheme, float s) {
    return s < 0 ? Math.min(s, -scheme.scaleFloor()) : Math.max(s, scheme.scaleFloor());
  }
}
