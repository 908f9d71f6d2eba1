package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.ProbeKernel;

/** One chain of plain floats. */
final class ReferenceProbe implements ProbeKernel {
  private static final float DECAY = 0.999f;

  @Override
  public double multiplyAdds(int steps, float[] sums, int off) {
    float b = sums[off];
    float s = b;
    for (int i = 0; i < steps; i++) {
      s = DECAY * s + b;
    }
    sums[off] = s;
    return 2.0 * steps;
  }

  @Override
  public int width() {
    return 1;
  }
}
