package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;

/**
 * Fits 256 elements as {@code d·sc·q} with signed whole {@code sc} for each group of 16 and {@code
 * q} from {@code −zero} to {@code zero − 1}; in rounds as {@link OffsetSuperBlock} does.
 */
final class SignedSuperBlock {
  static final int GROUP = 16;
  private static final int GROUPS = 16;
  private static final int ROUNDS = 2;

  private final float[] x;
  private final int from;
  private final float[] w;
  private final int zero;
  private final int factors;
  private final SignedFit fit;
  private final Group[] groups = new Group[GROUPS];
  private final float[] steps = new float[GROUPS];
  private final int[] sc = new int[GROUPS];
  private final int[] codes = new int[GROUPS * GROUP];

  /** Sums over the present codes of each group, as {@link Steps} has them. */
  private final double[] squares = new double[GROUPS];

  private final double[] products = new double[GROUPS];
  private float d;

  /**
   * @param weights of the elements
   * @param zero the code of weight zero
   * @param factors factors go from {@code −factors} to {@code factors − 1}
   */
  SignedSuperBlock(Row row, int from, float[] weights, int zero, int factors) {
    this.x = row.values();
    this.from = from;
    this.w = weights;
    this.zero = zero;
    this.factors = factors;
    this.fit = new SignedFit(zero);
    float[] counts = new float[GROUPS];
    for (int j = 0; j < GROUPS; j++) {
      int at = from + j * GROUP;
      groups[j] = new Group(GROUP, x, at, w, j * GROUP);
      steps[j] = fit.step(groups[j], row.step(at));
      for (int i = j * GROUP; i < (j + 1) * GROUP; i++) {
        counts[j] += w[i];
      }
    }
    search(new SignedFit(factors).step(new Group(GROUPS, steps, 0, counts, 0), 0));
  }

  private void search(float first) {
    int[] bestSc = new int[GROUPS];
    float bestD = 0;
    double best = Double.POSITIVE_INFINITY;
    d = Bytes.half(first);
    for (int round = 0; round < ROUNDS; round++) {
      double error = 0;
      for (int j = 0; j < GROUPS; j++) {
        error += choose(j);
      }
      if (!(error < best)) {
        break;
      }
      best = error;
      bestD = d;
      System.arraycopy(sc, 0, bestSc, 0, GROUPS);
      solve();
    }
    d = bestD;
    System.arraycopy(bestSc, 0, sc, 0, GROUPS);
    for (int j = 0; j < GROUPS; j++) {
      SignedFit.codes(x, from + j * GROUP, GROUP, d * sc[j], zero, codes, j * GROUP);
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
    for (int j = 0; j < GROUPS; j++) {
      aa += (double) sc[j] * sc[j] * squares[j];
      xa += sc[j] * products[j];
    }
    if (aa > 0) {
      d = Bytes.half((float) (xa / aa));
    }
  }

  /** The float that steps are multiples of. */
  float d() {
    return d;
  }

  /** The step of a group in whole numbers. */
  int scale(int j) {
    return sc[j];
  }

  /** The codes of all elements, from zero up. */
  int[] codes() {
    return codes;
  }
}
