package dev.ashlar.formats.gguf.encode;

/** A float that several values are near to whole multiples of. */
final class UnsignedFit {
  private static final int TRIES = 15;
  private static final float BETWEEN = 0.1f;

  private UnsignedFit() {}

  /**
   * The float for factors from 0 to {@code largest}; 0 if all values are.
   *
   * @param values none negative
   * @param weights what an error of each counts
   */
  static float base(float[] values, float[] weights, int largest) {
    float most = 0;
    for (float value : values) {
      most = Math.max(most, value);
    }
    if (most < Float.MIN_NORMAL) {
      return 0;
    }
    float best = most / largest;
    double gain = -1;
    for (int k = -TRIES; k <= TRIES; k++) {
      float inverse = (largest + BETWEEN * k) / most;
      double xq = 0;
      double qq = 0;
      for (int j = 0; j < values.length; j++) {
        int q = Math.clamp(SignedFit.nearest(values[j] * inverse), 0, largest);
        xq += (double) weights[j] * values[j] * q;
        qq += (double) weights[j] * q * q;
      }
      if (qq > 0 && xq * xq > gain * qq) {
        gain = xq * xq / qq;
        best = (float) (xq / qq);
      }
    }
    return best;
  }
}
