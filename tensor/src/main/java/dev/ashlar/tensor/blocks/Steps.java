package dev.ashlar.tensor.blocks;

import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;

/**
 * Steps {@code s} that are tried beside each other for {@code x ≈ s·q}, and the best so far.
 *
 * <p>For given codes the best step is {@code Σwxq / Σwq²}, and what it takes off the weighted
 * square error is {@code (Σwxq)² / Σwq²}. Not for several threads; made once and used for many
 * groups.
 */
public final class Steps {
  /** Runs of neighbours that are followed beside each other: as many as a vector has lanes. */
  static final int RUNS = 8;

  private static final int ROUNDS = 2;

  private final GridSumsKernel kernel;
  private final float low;
  private final float high;
  private final float[] table;
  private final Candidates tried;
  private Group group;
  private int count;

  /** The best step of each run. */
  private final double[] steps = new double[RUNS];

  private int runs;
  private double step;
  private double gain;
  private double squares;
  private double products;

  private Steps(GridSumsKernel kernel, float low, float high, float[] table, int most) {
    this.kernel = kernel;
    this.low = low;
    this.high = high;
    this.table = table;
    this.tried = Candidates.room(most);
  }

  /**
   * Codes are whole.
   *
   * @param kernel computes sums
   * @param most steps that are tried at once
   */
  public static Steps whole(GridSumsKernel kernel, int low, int high, int most) {
    return new Steps(kernel, low, high, null, most);
  }

  /** Codes are out of a table, ascending. */
  public static Steps of(GridSumsKernel kernel, float[] table, int most) {
    return new Steps(kernel, 0, 0, table, most);
  }

  /** Factors from {@code low} to {@code high}, each the same multiple of the one before. */
  public static float[] ladder(double low, double high, int n) {
    float[] factors = new float[n];
    for (int i = 0; i < n; i++) {
      factors[i] = (float) (low * Math.pow(high / low, i / (n - 1.0)));
    }
    return factors;
  }

  /** Begins with a group of which nothing is known. */
  public void begin(Group group) {
    this.group = group;
    count = 0;
    step = 0;
    gain = -1;
  }

  /** Has a step tried, given by one over it. */
  public void add(float inverse) {
    tried.inverses()[count++] = inverse;
  }

  /**
   * Tries what was added; then codes and step are bettered in turn, of the best of each run of
   * neighbours, since the best of all often leads to a lesser end. Returns the best, or 0.
   */
  public float best() {
    keep(Math.ceilDiv(count, RUNS));
    for (int round = 0; round < ROUNDS && step != 0; round++) {
      double before = gain;
      for (int r = 0; r < runs; r++) {
        add((float) (1 / steps[r]));
      }
      keep(1);
      if (gain <= before) {
        break;
      }
    }
    return (float) step;
  }

  /** Keeps the best step of each run of candidates, and the best of all. */
  private void keep(int run) {
    sums();
    runs = 0;
    for (int from = 0; from < count; from += run) {
      double s = 0;
      double most = 0;
      double over = 1;
      for (int c = from; c < Math.min(count, from + run); c++) {
        double xq = tried.products()[c];
        double qq = tried.squares()[c];
        if (qq > 0 && xq * xq * over > most * qq) {
          s = xq / qq;
          most = xq * xq;
          over = qq;
        }
      }
      if (s != 0) {
        steps[runs++] = s;
        if (most > gain * over) {
          gain = most / over;
          step = s;
        }
      }
    }
    count = 0;
  }

  private void sums() {
    if (table == null) {
      kernel.integers(group, low, high, count, tried);
    } else {
      kernel.table(group, table, count, tried);
    }
  }

  /**
   * The factor from {@code least} to {@code most}, one beside the nearest to {@code wanted} at
   * most, for which {@code base · factor} is the best step; its error less the weighted square of
   * the values is then {@link #error()}.
   */
  public int factor(Group group, float base, float wanted, int least, int most) {
    int middle = base == 0 ? 0 : Math.clamp(SignedFit.nearest(wanted / base), least, most);
    int from = Math.max(least, middle - 1);
    int to = Math.min(most, middle + 1);
    begin(group);
    for (int f = from; f <= to; f++) {
      float s = base * f;
      add(s == 0 ? 0 : 1 / s);
    }
    sums();
    int best = from;
    gain = Double.NEGATIVE_INFINITY;
    for (int f = from; f <= to; f++) {
      double s = base * f;
      double taken = s * (2.0 * tried.products()[f - from] - s * tried.squares()[f - from]);
      if (taken > gain) {
        gain = taken;
        best = f;
        squares = tried.squares()[f - from];
        products = tried.products()[f - from];
      }
    }
    return best;
  }

  /** {@code Σwq²} of the codes of the factor that was chosen last. */
  public double squares() {
    return squares;
  }

  /** {@code Σwqx} of them. */
  public double products() {
    return products;
  }

  /** What the last call of {@link #factor} leaves, less {@code Σwx²}; negative as a rule. */
  public double error() {
    return -gain;
  }
}
