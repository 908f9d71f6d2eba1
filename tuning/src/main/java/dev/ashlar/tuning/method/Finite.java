package dev.ashlar.tuning.method;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;

/** Stops a run at the first NaN or infinity, before it spreads to everything behind it. */
public final class Finite {
  private Finite() {}

  /**
   * @param name the weight's complete name
   * @param w {@code [out, in]}
   * @throws TuningException naming the tensor and the index of the first bad element
   */
  public static void requireWeight(String name, Tensor w, Backend backend) {
    int bad = firstBad(w.data(), w.size(), backend);
    if (bad >= 0) {
      int in = w.dim(-1);
      throw new TuningException(
          name,
          "the weight holds "
              + w.data()[bad]
              + " at ["
              + bad / in
              + ", "
              + bad % in
              + "], so it cannot be quantized");
    }
  }

  /**
   * @param where which activations, for the message
   * @param x {@code [rows, dim]} or more dimensions
   * @param firstSample number of the sample that {@code x} begins with
   * @param length rows of one sample
   * @throws TuningException naming the place, the sample and the position
   */
  public static void requireActivations(
      String where, Tensor x, int firstSample, int length, Backend backend) {
    int bad = firstBad(x.data(), x.size(), backend);
    if (bad >= 0) {
      int row = bad / x.dim(-1);
      throw new TuningException(
          where,
          "the activations hold "
              + x.data()[bad]
              + " in calibration sample "
              + (firstSample + row / length)
              + " at token "
              + row % length
              + ", channel "
              + bad % x.dim(-1));
    }
  }

  private static int firstBad(float[] x, int n, Backend backend) {
    if (backend.elementwise().allFinite(n, x, 0)) {
      return -1;
    }
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(x[i])) {
        return i;
      }
    }
    return -1;
  }
}
