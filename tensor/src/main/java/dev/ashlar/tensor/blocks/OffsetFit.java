package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;

/**
 * Step and lowest value for which {@code x ≈ s·q + m} with whole {@code q} from 0 to a largest code
 * has a small weighted square error.
 *
 * <p>For given codes both follow from two linear equations. Codes are those of grids that begin and
 * end a little outside the range of the values, at its ends, or inside (docs/formats.md, GGUF);
 * then codes and grid are bettered in turn, of several. Not for several threads; made once and used
 * for many groups.
 */
public final class OffsetFit {
  private static final int ROUNDS = 2;
  private static final int RUNS = Steps.RUNS;

  /** How far inside the range, as a part of it, grids begin and end: of two bits, and of more. */
  private static final float[] COARSE = {0, 0.1f, 0.2f, 0.35f};

  private static final float[] FINE = {-0.02f, 0, 0.03f, 0.08f};

  private final GridSumsKernel kernel;
  private final int largest;
  private final boolean free;
  private final Candidates tried = Candidates.room(FINE.length * FINE.length + 1);
  private Group group;
  private int count;
  private double weight;
  private double sum;
  private double square;

  /** The best of each run of candidates. */
  private final double[] steps = new double[RUNS];

  private final double[] lows = new double[RUNS];
  private int runs;

  /** What one candidate's codes led to. */
  private double solvedStep;

  private double solvedLow;

  private double step;
  private double low;
  private double error;

  /**
   * @param kernel computes sums
   * @param largest the largest code
   * @param free whether the lowest value may be above zero
   */
  public OffsetFit(GridSumsKernel kernel, int largest, boolean free) {
    this.kernel = kernel;
    this.largest = largest;
    this.free = free;
  }

  /** What was found; never negative. */
  public float step() {
    return (float) step;
  }

  /** The value of code 0. */
  public float low() {
    return (float) low;
  }

  /**
   * What codes have no part in.
   *
   * @param weight {@code Σw}
   * @param sum {@code Σwx}
   * @param square {@code Σwx²}
   */
  record Moments(double weight, double sum, double square) {}

  /** Those of the present group. */
  Moments moments() {
    return new Moments(weight, sum, square);
  }

  /** Begins again with a group whose moments are known. */
  void begin(Group group, Moments moments) {
    this.group = group;
    count = 0;
    weight = moments.weight;
    sum = moments.sum;
    square = moments.square;
  }

  private void begin(Group group) {
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
  public void find(Group group, float knownStep, float knownLow) {
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
    float range = max - min;
    float[] insets = largest <= 3 ? COARSE : FINE;
    for (float below : insets) {
      float base = free ? min + below * range : Math.min(0, min + below * range);
      for (float above : insets) {
        add(largest / (max - above * range - base), base);
      }
    }
    if (knownStep != 0) {
      add(1 / knownStep, knownLow);
    }
    keep(Math.ceilDiv(count, RUNS));
    for (int round = 0; round < ROUNDS && step > 0; round++) {
      double before = error;
      for (int r = 0; r < runs; r++) {
        add((float) (1 / steps[r]), (float) lows[r]);
      }
      keep(1);
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

  /** Keeps the best grid of each run of candidates, and the best of all. */
  private void keep(int run) {
    sums();
    runs = 0;
    for (int from = 0; from < count; from += run) {
      double least = Double.POSITIVE_INFINITY;
      for (int c = from; c < Math.min(count, from + run); c++) {
        double e = solve(tried.codes()[c], tried.squares()[c], tried.products()[c]);
        if (e < least) {
          least = e;
          steps[runs] = solvedStep;
          lows[runs] = solvedLow;
        }
      }
      if (least < error) {
        error = least;
        step = steps[runs];
        low = lows[runs];
      }
      runs += least < Double.POSITIVE_INFINITY ? 1 : 0;
    }
    count = 0;
  }

  private void sums() {
    kernel.integers(group, 0, largest, count, tried);
  }

  /** Finds the best grid for codes; returns its error, infinite if there is none. */
  private double solve(double b, double c, double y) {
    double determinant = weight * c - b * b;
    if (!(determinant > 0)) {
      return Double.POSITIVE_INFINITY;
    }
    double inverse = 1 / determinant;
    double s = (weight * y - b * sum) * inverse;
    double m = (c * sum - b * y) * inverse;
    if (m > 0 && !free) {
      m = 0;
      s = y / c;
    }
    solvedStep = s;
    solvedLow = m;
    return s > 0 ? square - s * y - m * sum : Double.POSITIVE_INFINITY;
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

  /** {@code Σwq} of the codes of a candidate whose error was asked for last. */
  double codes(int k) {
    return tried.codes()[k];
  }

  /** {@code Σwq²} of them. */
  double squares(int k) {
    return tried.squares()[k];
  }

  /** {@code Σwqx} of them. */
  double products(int k) {
    return tried.products()[k];
  }

  /** The codes of a step and a lowest value. */
  public static void codes(
      float[] x, int from, int n, float step, float low, int largest, int[] codes, int at) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int i = 0; i < n; i++) {
      float scaled = (x[from + i] - low) * inverse;
      codes[at + i] = Math.clamp(SignedFit.nearest(scaled), 0, largest);
    }
  }
}
