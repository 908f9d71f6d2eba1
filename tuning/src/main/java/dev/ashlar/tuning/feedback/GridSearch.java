package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.method.Scales;
import java.util.Arrays;

/**
 * Finds scale and zero point of a group of weights: the least {@code Σ h_j (w_j − s·(c_j − z))²}
 * over ranges from the whole down to a part of it, over the zero point and its neighbours, each
 * scale refined by least squares for the codes that it leads to. Scales are those that are stored:
 * rounded to the grid's type.
 *
 * <p>One object serves one thread.
 */
final class GridSearch {
  /** Factors on the range, from 1 down. */
  private static final int RANGES = 12;

  private static final float SMALLEST_RANGE = 0.35f;

  /** Candidates whose scale is refined further, and how often. */
  private static final int REFINED = 3;

  private static final int REFINEMENTS = 2;

  /** Weights whose sums are floats. */
  private static final int PIECE = 128;

  /** Adding and subtracting it rounds a float of small magnitude half to even. */
  private static final float ROUND = 0x1.8p23f;

  private final IntegerGrid grid;
  private final int maxCode;
  private final GridSumsKernel sums;
  private final Candidates tried = Candidates.room(2 * RANGES);
  private final float[] steps = new float[2 * RANGES];
  private final double[] acrosses = new double[2 * RANGES];
  private final double[] codeSquares = new double[2 * RANGES];
  private final float[] topScale = new float[REFINED];
  private final int[] topZero = new int[REFINED];
  private final double[] topError = new double[REFINED];

  private final float[] weighted;
  private final float[] own;
  private final float[] importance;
  private final float[] products;
  private final float[] squares;
  private int size;
  private double square;

  /** Σ h·w·c and Σ h·c² of the codes that were tried last. */
  private double across;

  private double codeSquare;

  private float scale;
  private int zero;
  private double error;

  /**
   * @param largest weights of a group at most
   */
  GridSearch(IntegerGrid grid, int largest, GridSumsKernel sums) {
    this.grid = grid;
    this.sums = sums;
    this.maxCode = grid.maxCode();
    this.weighted = new float[largest];
    this.own = new float[largest];
    this.importance = new float[largest];
    this.products = new float[largest];
    this.squares = new float[largest];
  }

  /**
   * Searches for one group.
   *
   * @param weights of the group, from {@code at}
   * @param counts h, from {@code from}; not negative
   */
  void run(float[] weights, int at, float[] counts, int from, int count) {
    System.arraycopy(weights, at, own, 0, count);
    System.arraycopy(counts, from, importance, 0, count);
    size = count;
    float low = 0;
    float high = 0;
    square = 0;
    for (int j = 0; j < size; j++) {
      float x = own[j];
      low = Math.min(low, x);
      high = Math.max(high, x);
      weighted[j] = importance[j] * x;
      square += (double) weighted[j] * x;
    }
    Arrays.fill(topError, Double.POSITIVE_INFINITY);
    error = Double.POSITIVE_INFINITY;
    zero = grid.symmetric() ? grid.middle() : 0;
    scale = Scales.rounded(grid, 0);
    if (low == high) {
      return;
    }
    if (grid.symmetric()) {
      float whole = Math.max(-low, high) / grid.middle();
      ranges(whole, 0);
      ranges(-whole, RANGES);
      consider(grid.middle(), 2 * RANGES);
    } else {
      ranges((high - low) / maxCode, 0);
      int z = Math.round(-low * maxCode / (high - low));
      for (int near = Math.max(0, z - 1); near <= Math.min(maxCode, z + 1); near++) {
        consider(near, RANGES);
      }
    }
    for (int i = 0; i < REFINED; i++) {
      if (topError[i] < Double.POSITIVE_INFINITY) {
        refine(topScale[i], topZero[i]);
      }
    }
  }

  /** Sets the steps of all ranges. */
  private void ranges(float whole, int at) {
    for (int t = 0; t < RANGES; t++) {
      float factor = 1 - (1 - SMALLEST_RANGE) * t / (RANGES - 1);
      steps[at + t] = Scales.rounded(grid, whole * factor);
      tried.inverses()[at + t] = 1 / steps[at + t];
    }
  }

  /** Ranks the first steps with a zero point. */
  private void consider(int z, int count) {
    Arrays.fill(acrosses, 0);
    Arrays.fill(codeSquares, 0);
    for (int from = 0; from < size; from += PIECE) {
      int n = Math.min(PIECE, size - from);
      Group piece = new Group(n, own, from, importance, from);
      sums.integers(piece, -z, maxCode - z, count, tried);
      for (int i = 0; i < count; i++) {
        acrosses[i] += tried.products()[i];
        codeSquares[i] += tried.squares()[i];
      }
    }
    for (int i = 0; i < count; i++) {
      across = acrosses[i];
      codeSquare = codeSquares[i];
      rank(steps[i], z);
    }
  }

  /** Ranks a candidate by what is left when its scale is fitted to its codes. */
  private void rank(float wanted, int z) {
    float s = wanted;
    double err = left(s);
    if (codeSquare > 0) {
      float fitted = Scales.rounded(grid, (float) (across / codeSquare));
      double better = left(fitted);
      if (better < err) {
        err = better;
        s = fitted;
      }
    }
    int place = REFINED;
    while (place > 0 && err < topError[place - 1]) {
      place--;
    }
    if (place == REFINED) {
      return;
    }
    for (int i = REFINED - 1; i > place; i--) {
      topError[i] = topError[i - 1];
      topScale[i] = topScale[i - 1];
      topZero[i] = topZero[i - 1];
    }
    topError[place] = err;
    topScale[place] = s;
    topZero[place] = z;
  }

  /** Codes anew for the scale, the scale anew for the codes. */
  private void refine(float first, int z) {
    float s = first;
    for (int i = 0; i <= REFINEMENTS; i++) {
      double err = measure(s, z);
      if (err < error) {
        error = err;
        scale = s;
        zero = z;
      }
      if (codeSquare <= 0) {
        return;
      }
      float fitted = Scales.rounded(grid, (float) (across / codeSquare));
      if (fitted == s) {
        return;
      }
      s = fitted;
    }
  }

  /** The error of the nearest codes under a scale and a zero point. */
  private double measure(float s, int z) {
    float inverse = 1 / s;
    float least = -z;
    float most = maxCode - z;
    // A loop that the compiler makes vectors of, then sums.
    for (int j = 0; j < size; j++) {
      float c = Math.min(most, Math.max(least, own[j] * inverse));
      c = (c + ROUND) - ROUND;
      products[j] = weighted[j] * c;
      squares[j] = importance[j] * c * c;
    }
    across = sum(products);
    codeSquare = sum(squares);
    return left(s);
  }

  /** Four sums beside each other: one would wait for each addition. */
  private double sum(float[] x) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int j = 0;
    for (; j + 4 <= size; j += 4) {
      a += x[j];
      b += x[j + 1];
      c += x[j + 2];
      d += x[j + 3];
    }
    for (; j < size; j++) {
      a += x[j];
    }
    return a + b + (c + d);
  }

  private double left(float s) {
    return square - 2.0 * s * across + (double) s * s * codeSquare;
  }

  /** The scale that was found. */
  float scale() {
    return scale;
  }

  /** The zero point that was found. */
  int zero() {
    return zero;
  }
}
