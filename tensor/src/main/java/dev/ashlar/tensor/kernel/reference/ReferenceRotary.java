package dev.ashlar.tensor.kernel.reference;

import dev.ashlar.tensor.kernel.RotaryKernel;

/** Pair by pair. */
final class ReferenceRotary implements RotaryKernel {
  @Override
  public void rotate(
      int from,
      int to,
      int heads,
      int headDim,
      int rotaryDim,
      boolean interleaved,
      int[] positions,
      float[] cos,
      float[] sin,
      boolean inverse,
      float[] x,
      float[] y,
      boolean accumulate) {
    int half = rotaryDim / 2;
    for (int r = from; r < to; r++) {
      int table = positions[r] * half;
      for (int h = 0; h < heads; h++) {
        int o = (r * heads + h) * headDim;
        for (int i = 0; i < half; i++) {
          int p = o + (interleaved ? 2 * i : i);
          int q = o + (interleaved ? 2 * i + 1 : i + half);
          double c = cos[table + i];
          double s = inverse ? -sin[table + i] : sin[table + i];
          double u = x[p] * c - x[q] * s;
          double v = x[q] * c + x[p] * s;
          y[p] = (float) (accumulate ? y[p] + u : u);
          y[q] = (float) (accumulate ? y[q] + v : v);
        }
        for (int i = rotaryDim; i < headDim; i++) {
          y[o + i] = accumulate ? y[o + i] + x[o + i] : x[o + i];
        }
      }
    }
  }
}
