package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.kernel.RangeGrid;
import dev.ashlar.tensor.quant.IntegerGrid;

/**
 * The quantizers of SignRound (arXiv 2309.05516, section 3), group by group. The forward is in
 * float, as the peers compute it, because codes must agree; gradient sums are in double.
 */
final class ReferenceFakeQuant implements FakeQuantKernel {
  @Override
  public void range(
      IntegerGrid scheme, int from, int to, int in, float[] weight, float[] wMin, float[] wMax) {
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
      RangeGrid.set(p, at, scales, zeros);
      int start = RangeGrid.start(p, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      for (int i = start; i < start + RangeGrid.length(p, at); i++) {
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
      int start = RangeGrid.start(p, at);
      float s = scales[at];
      int zero = zeros[at] & 0xFF;
      double sumCode = 0;
      double sumWeight = 0;
      double sumSaturated = 0;
      for (int i = start; i < start + RangeGrid.length(p, at); i++) {
        float r = rounded(p, i, s) + zero;
        boolean inside = r >= p.firstPassing() && r <= p.lastPassing();
        float u = Math.clamp(r, 0f, p.scheme().maxCode());
        dValue[i] = inside ? s * gradient[i] : 0f;
        sumCode += (double) gradient[i] * (u - zero);
        sumWeight += inside ? (double) gradient[i] * p.weight()[i] / s : 0;
        sumSaturated += inside ? 0 : gradient[i];
      }
      dMinScale[at] = RangeGrid.minGradient(p, at, s, sumCode, sumWeight, sumSaturated);
      dMaxScale[at] = RangeGrid.maxGradient(p, at, s, sumCode, sumWeight, sumSaturated);
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

  private static float rounded(Parameters p, int i, float s) {
    float v = p.value() == null ? 0f : p.value()[i];
    return (float) Math.rint(p.weight()[i] / s + v);
  }
}
