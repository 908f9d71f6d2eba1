package dev.ashlar.formats.gguf.encode;

/**
 * Step and lowest value for which {@code x ≈ s·q + m} with whole {@code q} from 0 to a largest code
 * has a small weighted square error.
 *
 * <p>For given codes both follow from two linear equations. Codes are those of steps around the one
 * that spans the range of the values (docs/formats.md, GGUF); then codes and step are bettered in
 * turn.
 */
final class OffsetFit {
  private static final int TRIES = 20;
  private static final float BETWEEN = 0.1f;
  private static final int ROUNDS = 4;

  private final int largest;
  private final boolean free;
  private double step;
  private double low;
  private double error;

  /**
   * @param largest the largest code
   * @param free whether the lowest value may be above zero
   */
  OffsetFit(int largest, boolean free) {
    this.largest = largest;
    this.free = free;
  }

  /** What was found; never negative. */
  float step() {
    return (float) step;
  }

  /** The value of code 0. */
  float low() {
    return (float) low;
  }

  /**
   * Finds both.
   *
   * @param w weights from {@code at} on
   * @param knownStep the step of a grid that values lie on, or 0
   * @param knownLow the grid's lowest value
   */
  void find(float[] x, int from, float[] w, int at, int n, float knownStep, float knownLow) {
    float min = free ? x[from] : 0;
    float max = min;
    double square = 0;
    for (int i = 0; i < n; i++) {
      min = Math.min(min, x[from + i]);
      max = Math.max(max, x[from + i]);
      square += (double) w[at + i] * x[from + i] * x[from + i];
    }
    step = 0;
    low = min;
    if (!(max - min >= Float.MIN_NORMAL)) {
      return;
    }
    error = Double.POSITIVE_INFINITY;
    for (int k = 0; k <= TRIES; k++) {
      consider(x, from, w, at, n, (largest - 1 + BETWEEN * k) / (max - min), min, square);
    }
    if (knownStep != 0) {
      consider(x, from, w, at, n, 1 / knownStep, knownLow, square);
    }
    for (int round = 0; round < ROUNDS && step > 0; round++) {
      double before = error;
      consider(x, from, w, at, n, (float) (1 / step), (float) low, square);
      if (error >= before) {
        break;
      }
    }
    if (error == Double.POSITIVE_INFINITY) {
      // Weights are all zero: no error counts, and the range is as good as anything.
      step = (max - min) / largest;
      low = min;
    }
  }

  private void consider(
      float[] x, int from, float[] w, int at, int n, float inverse, float base, double square) {
    double a = 0;
    double b = 0;
    double c = 0;
    double p = 0;
    double y = 0;
    for (int i = 0; i < n; i++) {
      float weight = w[at + i];
      int q = Math.clamp(SignedFit.nearest((x[from + i] - base) * inverse), 0, largest);
      float wq = weight * q;
      a += weight;
      b += wq;
      c += wq * q;
      p += weight * x[from + i];
      y += wq * x[from + i];
    }
    double determinant = a * c - b * b;
    if (!(determinant > 0)) {
      return;
    }
    double s = (a * y - b * p) / determinant;
    double m = (c * p - b * y) / determinant;
    if (m > 0 && !free) {
      m = 0;
      s = y / c;
    }
    double e = square + s * s * c + m * m * a - 2 * s * y - 2 * m * p + 2 * s * m * b;
    if (s > 0 && e < error) {
      error = e;
      step = s;
      low = m;
    }
  }

  /** The codes of a step and a lowest value. */
  static void codes(
      float[] x, int from, int n, float step, float low, int largest, int[] codes, int at) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int i = 0; i < n; i++) {
      float scaled = (x[from + i] - low) * inverse;
      codes[at + i] = Math.clamp(SignedFit.nearest(scaled), 0, largest);
    }
  }
}
