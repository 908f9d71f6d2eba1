package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.quant.SuperGrid;

/**
 * Fits a super-block as {@code d·sc·q} with signed whole {@code sc} for each group and {@code q}
 * from {@code −zero} to {@code zero − 1}; in rounds as {@link OffsetSuperBlock} does.
 */
final class SignedSuperBlock {
  private static final int ROUNDS = 2;

  private final float[] x;
  private final int from;
  private final float[] w;
  private final int zero;
  private final int factors;
  private final SignedFit fit;
  private final int size;
  private final Group[] groups;
  private final float[] steps;
  private final int[] sc;
  private final int[] codes;

  /** Sums over the present codes of each group, as {@link Steps} has them. */
  private final double[] squares;

  private final double[] products;
  private float d;

  /**
   * @param kernel computes sums
   * @param weights of the elements
   * @param grid one without minimums
   */
  SignedSuperBlock(GridSumsKernel kernel, Row row, int from, float[] weights, SuperGrid grid) {
    this.x = row.values();
    this.from = from;
    this.w = weights;
    this.zero = grid.middle();
    this.factors = grid.signedScales();
    this.size = grid.groupSize();
    int n = grid.perBlock();
    this.groups = new Group[n];
    this.steps = new float[n];
    this.sc = new int[n];
    this.codes = new int[n * size];
    this.squares = new double[n];
    this.products = new double[n];
    this.fit = new SignedFit(kernel, zero);
    float[] counts = new float[n];
    for (int j = 0; j < n; j++) {
      int at = from + j * size;
      groups[j] = new Group(size, x, at, w, j * size);
      steps[j] = fit.step(groups[j], row.step(at));
      for (int i = j * size; i < (j + 1) * size; i++) {
        counts[j] += w[i];
      }
    }
    search(new SignedFit(kernel, factors).step(new Group(n, steps, 0, counts, 0), 0));
  }

  private void search(float first) {
    int[] bestSc = new int[sc.length];
    float bestD = 0;
    double best = Double.POSITIVE_INFINITY;
    d = Halves.nearest(first);
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
      System.arraycopy(sc, 0, bestSc, 0, sc.length);
      solve();
    }
    d = bestD;
    System.arraycopy(bestSc, 0, sc, 0, sc.length);
    for (int j = 0; j < sc.length; j++) {
      SignedFit.codes(x, from + j * size, size, d * sc[j], zero, codes, j * size);
    }
  }

  /** Chooses the factor of a group; returns its error less the square of its values. */
  private double choose(int j) {
    sc[j] = fit.factor(groups[j], d, steps[j], factors);
    squares[j] = fit.squares();
    products[j] = fit.products();
    return fit.error();
  }

  private void solve() {
    double aa = 0;
    double xa = 0;
    for (int j = 0; j < sc.length; j++) {
      aa += (double) sc[j] * sc[j] * squares[j];
      xa += sc[j] * products[j];
    }
    if (aa > 0) {
      d = Halves.nearest((float) (xa / aa));
    }
  }

  /** What was found. */
  FittedBlock fitted() {
    return new FittedBlock(d, 0, sc, new int[sc.length], codes);
  }
}
