package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.quant.SuperGrid;

/**
 * Fits a super-block as {@code d·sc·q − e·mn}: {@code d} and {@code e} shared by all in half
 * precision, a small whole {@code sc} and {@code mn} for each group.
 *
 * <p>Groups are fitted by themselves first. Then, in rounds, whole factors are chosen for the
 * shared floats, each group trying its neighbours with the error that really results, and the
 * floats are solved for given all factors and codes; the best round counts.
 */
final class OffsetSuperBlock {
  private static final int ROUNDS = 2;

  private final float[] x;
  private final int from;
  private final float[] w;
  private final int group;
  private final int largest;
  private final int factors;
  private final int below;

  private final OffsetFit fit;
  private final Group[] groups;
  private final float[] steps;
  private final float[] belows;
  private float d;
  private float e;
  private final int[] sc;
  private final int[] mn;
  private final int[] codes;

  /** Moments of each group, and sums over its present codes, as {@link OffsetFit} has them. */
  private final OffsetFit.Moments[] moments;

  private final double[] sums;
  private final double[] squares;
  private final double[] products;

  /** Neighbours of a pair of factors: of these the likeliest, as many as fit in a vector. */
  private static final int[][] AROUND = {
    {0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, 1}
  };

  private static final int TRIES = AROUND.length;

  /** What a group tries for the present shared floats: factors, and errors and lows of each. */
  private final int[] triedSc = new int[TRIES];

  private final int[] triedMn = new int[TRIES];
  private final float[] triedSteps = new float[TRIES];
  private final float[] triedLows = new float[TRIES];
  private final double[] errors = new double[TRIES];
  private final double[] lows = new double[TRIES];

  /**
   * @param kernel computes sums
   * @param weights of the elements
   * @param grid one with minimums
   */
  OffsetSuperBlock(GridSumsKernel kernel, Row row, int from, float[] weights, SuperGrid grid) {
    this.x = row.values();
    this.from = from;
    this.w = weights;
    this.group = grid.groupSize();
    this.largest = grid.maxCode();
    this.factors = grid.maxScale();
    this.below = grid.maxMinimum();
    this.codes = new int[grid.blockSize()];
    int n = grid.perBlock();
    this.groups = new Group[n];
    this.steps = new float[n];
    this.belows = new float[n];
    this.sc = new int[n];
    this.mn = new int[n];
    this.moments = new OffsetFit.Moments[n];
    this.sums = new double[n];
    this.squares = new double[n];
    this.products = new double[n];
    this.fit = new OffsetFit(kernel, largest, false);
    float[] counts = new float[n];
    for (int j = 0; j < n; j++) {
      int at = from + j * group;
      groups[j] = new Group(group, x, at, w, j * group);
      fit.find(groups[j], row.step(at), row.low(at));
      steps[j] = fit.step();
      belows[j] = -fit.low();
      moments[j] = fit.moments();
      counts[j] = (float) moments[j].weight();
    }
    search(
        UnsignedFit.base(kernel, steps, counts, factors),
        UnsignedFit.base(kernel, belows, counts, below));
  }

  private void search(float firstStep, float firstBelow) {
    int[] bestSc = new int[sc.length];
    int[] bestMn = new int[sc.length];
    float bestD = 0;
    float bestE = 0;
    double best = Double.POSITIVE_INFINITY;
    d = Halves.nearest(firstStep);
    e = Halves.nearest(firstBelow);
    for (int round = 0; round < ROUNDS; round++) {
      double error = 0;
      for (int j = 0; j < sc.length; j++) {
        error += choose(j);
      }
      if (!(error < best)) {
        break;
      }
      best = error;
      bestD = d;
      bestE = e;
      System.arraycopy(sc, 0, bestSc, 0, sc.length);
      System.arraycopy(mn, 0, bestMn, 0, mn.length);
      solve();
    }
    d = bestD;
    e = bestE;
    System.arraycopy(bestSc, 0, sc, 0, sc.length);
    System.arraycopy(bestMn, 0, mn, 0, mn.length);
    for (int j = 0; j < sc.length; j++) {
      int at = j * group;
      OffsetFit.codes(x, from + at, group, d * sc[j], -(e * mn[j]), largest, codes, at);
    }
  }

  /** Chooses the factors of a group for the shared floats; returns the error. */
  private double choose(int j) {
    int middle = d == 0 ? 0 : Math.min(SignedFit.nearest(steps[j] / d), factors);
    int lowest = e == 0 ? 0 : Math.clamp(SignedFit.nearest(belows[j] / e), 0, below);
    int n = 0;
    for (int[] by : AROUND) {
      int scale = middle + by[0];
      int minimum = lowest + by[1];
      if (scale >= 0 && scale <= factors && minimum >= 0 && minimum <= below) {
        triedSc[n] = scale;
        triedMn[n++] = minimum;
      }
    }
    fit.begin(groups[j], moments[j]);
    double best = better(j, n, Double.POSITIVE_INFINITY);
    for (int k = 0; k < n; k++) {
      triedMn[k] = e == 0 ? 0 : Math.clamp(SignedFit.nearest((float) (-lows[k] / e)), 0, below);
    }
    return better(j, n, best);
  }

  /** Keeps the best of what is tried in the group's factors, if it is better; returns its error. */
  private double better(int j, int n, double least) {
    for (int k = 0; k < n; k++) {
      triedSteps[k] = d * triedSc[k];
      triedLows[k] = -(e * triedMn[k]);
    }
    fit.errors(n, triedSteps, triedLows, errors, lows);
    double best = least;
    for (int k = 0; k < n; k++) {
      if (errors[k] < best) {
        best = errors[k];
        sc[j] = triedSc[k];
        mn[j] = triedMn[k];
        sums[j] = fit.codes(k);
        squares[j] = fit.squares(k);
        products[j] = fit.products(k);
      }
    }
    return best;
  }

  /** The shared floats that suit the present factors and codes best. */
  private void solve() {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double xa = 0;
    double xb = 0;
    for (int j = 0; j < sc.length; j++) {
      double a = sc[j];
      double b = mn[j];
      aa += a * a * squares[j];
      ab += a * b * sums[j];
      bb += b * b * moments[j].weight();
      xa += a * products[j];
      xb += b * moments[j].sum();
    }
    double determinant = aa * bb - ab * ab;
    if (determinant > 1e-12 * aa * bb) {
      double nextD = (bb * xa - ab * xb) / determinant;
      double nextE = (ab * xa - aa * xb) / determinant;
      if (nextD > 0 && nextE >= 0) {
        d = Halves.nearest((float) nextD);
        e = Halves.nearest((float) nextE);
      }
    } else if (aa > 0 && xa > 0 && bb == 0) {
      d = Halves.nearest((float) (xa / aa));
    }
  }

  /** What was found. */
  FittedBlock fitted() {
    return new FittedBlock(d, e, sc, mn, codes);
  }
}
