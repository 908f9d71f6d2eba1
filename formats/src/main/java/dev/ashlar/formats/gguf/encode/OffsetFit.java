package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;

/**
 * Step and lowest value for which {@code x ≈ s·q + m} with whole {@code q} from 0 to a largest code
 * has a small weighted square error.
 *
 * <p>For given codes both follow from two linear equations. Codes are those of steps around the one
 * that spans the range of the values (docs/formats.md, GGUF); then codes and step are bettered in
 * turn. Not for several threads; made once and used for many groups.
 */
final class OffsetFit {
  private static final int TRIES = 20;
  private static final float BETWEEN = 0.1f;
  private static final int ROUNDS = 4;

  private final int largest;
  private final boolean free;
  private final Candidates tried = Candidates.room(TRIES + 2);
  private Group group;
  private int count;

  /** Σw, Σwx and Σwx² of the group. */
  private double weight;

  private double sum;
  private double square;

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

  /** Begins with a group of which nothing is known. */
  void begin(Group group) {
    this.group = group;
    count = 0;
    weight = 0;
    sum = 0;
    square = 0;
    for (int i = 0; i < group.n(); i++) {
      float x = group.weights()[group.at() + i];
      double wx = (double) group.importance()[group.importanceAt() + i] * x;
      weight += group.importance()[group.importanceAt() + i];
      sum += wx;
      square += wx * x;
    }
  }

  /**
   * Finds both.
   *
   * @param knownStep the step of a grid that values lie on, or 0
   * @param knownLow the grid's lowest value
   */
  void find(Group group, float knownStep, float knownLow) {
    begin(group);
    float min = free ? group.weights()[group.at()] : 0;
    float max = min;
    for (int i = group.at(); i < group.at() + group.n(); i++) {
      min = Math.min(min, group.weights()[i]);
      max = Math.max(max, group.weights()[i]);
    }
    step = 0;
    low = min;
    if (!(max - min >= Float.MIN_NORMAL)) {
      return;
    }
    error = Double.POSITIVE_INFINITY;
    for (int k = 0; k <= TRIES; k++) {
      add((largest - 1 + BETWEEN * k) / (max - min), min);
    }
    if (knownStep != 0) {
      add(1 / knownStep, knownLow);
    }
    keep();
    for (int round = 0; round < ROUNDS && step > 0; round++) {
      double before = error;
      add((float) (1 / step), (float) low);
      keep();
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

  private void add(float inverse, float base) {
    tried.inverses()[count] = inverse;
    tried.shifts()[count++] = base;
  }

  private void keep() {
    sums();
    for (int c = 0; c < count; c++) {
      solve(tried.codes()[c], tried.squares()[c], tried.products()[c]);
    }
    count = 0;
  }

  private void sums() {
    Backends.chosen().gridSums().integers(group, 0, largest, count, tried);
  }

  private void solve(double b, double c, double y) {
    double determinant = weight * c - b * b;
    if (!(determinant > 0)) {
      return;
    }
    double s = (weight * y - b * sum) / determinant;
    double m = (c * sum - b * y) / determinant;
    if (m > 0 && !free) {
      m = 0;
      s = y / c;
    }
    double e = square + s * s * c + m * m * weight - 2 * s * y - 2 * m * sum + 2 * s * m * b;
    if (s > 0 && e < error) {
      error = e;
      step = s;
      low = m;
    }
  }

  /**
   * The errors of steps with lowest values, of the group that was begun with.
   *
   * @param errors receives the error of each
   * @param lows receives the lowest value that suits the codes of each best
   */
  void errors(int n, float[] steps, float[] bases, double[] errors, double[] lows) {
    for (int k = 0; k < n; k++) {
      add(steps[k] == 0 ? 0 : 1 / steps[k], bases[k]);
    }
    sums();
    count = 0;
    for (int k = 0; k < n; k++) {
      double s = steps[k];
      double m = bases[k];
      double b = tried.codes()[k];
      errors[k] =
          square
              + s * s * tried.squares()[k]
              + m * m * weight
              - 2 * s * tried.products()[k]
              - 2 * m * sum
              + 2 * s * m * b;
      lows[k] = weight > 0 ? (sum - s * b) / weight : 0;
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
