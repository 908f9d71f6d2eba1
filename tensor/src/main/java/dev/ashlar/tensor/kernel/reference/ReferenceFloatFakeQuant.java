package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.FloatFakeQuantKernel;
import dev.ashlar.tensor.quant.FloatFormat;

/** Small floats, one after the other; sums of gradients are in double. */
final class ReferenceFloatFakeQuant implements FloatFakeQuantKernel {
  @Override
  public void forward(
      Parameters p, int from, int to, float[] scales, float[] quantized, byte[] codes) {
    FloatFormat format = p.grid().element();
    int groups = p.grid().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      float s = scales[at];
      int start = start(p, at);
      for (int i = start; i < start + length(p, at); i++) {
        float q = format.round(element(p, i, s));
        if (quantized != null) {
          quantized[i] = s * q;
        }
        if (codes != null) {
          codes[i] = (byte) format.code(q);
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
      float[] dValue,
      float[] dScales) {
    run(p, from, to, gradient, scales, 0, dValue, dScales);
  }

  @Override
  public void signStep(
      Parameters p, int from, int to, float[] gradient, float[] scales, float lr, float[] dScales) {
    run(p, from, to, gradient, scales, lr, null, dScales);
  }

  /** Gives the gradient of V, or steps by its sign. */
  private static void run(
      Parameters p,
      int from,
      int to,
      float[] gradient,
      float[] scales,
      float lr,
      float[] dValue,
      float[] dScales) {
    int groups = p.grid().groups(p.in());
    for (int at = from * groups; at < to * groups; at++) {
      float s = scales[at];
      int start = start(p, at);
      double sum = 0;
      for (int i = start; i < start + length(p, at); i++) {
        float x = element(p, i, s);
        float q = p.grid().element().round(x);
        float slope = FloatFakeQuantKernel.slope(p.grid(), p.exact(), x, q);
        sum += s == 0 ? 0 : gradient[i] * (q - (double) slope * p.weight()[i] / s);
        float d = slope * s * gradient[i];
        if (dValue != null) {
          dValue[i] = d;
        } else {
          p.value()[i] -= lr * Math.signum(d);
        }
      }
      dScales[at] = (float) sum;
    }
  }

  /** What is rounded: the weight in units of its scale, moved by V. */
  private static float element(Parameters p, int i, float s) {
    float v = p.value() == null ? 0f : p.value()[i];
    return s == 0 ? v : p.weight()[i] / s + v;
  }

  private static int start(Parameters p, int at) {
    int groups = p.grid().groups(p.in());
    return at / groups * p.in() + at % groups * p.grid().effectiveBlock(p.in());
  }

  private static int length(Parameters p, int at) {
    int size = p.grid().effectiveBlock(p.in());
    return Math.min(size, p.in() - at % p.grid().groups(p.in()) * size);
  }
}
