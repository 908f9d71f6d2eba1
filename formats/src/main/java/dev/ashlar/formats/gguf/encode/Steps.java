package dev.ashlar.formats.gguf.encode;

import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.GridErrorKernel.Group;
import dev.ashlar.tensor.kernel.GridSumsKernel.Candidates;

/**
 * Steps {@code s} that are tried beside each other for {@code x ≈ s·q}, and the best so far.
 *
 * <p>For given codes the best step is {@code Σwxq / Σwq²}, and what it takes off the weighted
 * square error is {@code (Σwxq)² / Σwq²}. Not for several threads; made once and used for many
 * groups.
 */
final class Steps {
  private static final int ROUNDS = 4;

  private final float low;
  private final float high;
  private final float[] table;
  private final Candidates tried;
  private Group group;
  private int count;
  private double step;
  private double gain;

  private Steps(float low, float high, float[] table, int most) {
    this.low = low;
    this.high = high;
    this.table = table;
    this.tried = Candidates.room(most);
  }

  /**
   * Codes are whole.
   *
   * @param most steps that are tried at once
   */
  static Steps whole(int low, int high, int most) {
    return new Steps(low, high, null, most);
  }

  /** Codes are out of a table, ascending. */
  static Steps of(float[] table, int most) {
    return new Steps(0, 0, table, most);
  }

  /** Begins with a group of which nothing is known. */
  void begin(Group group) {
    this.group = group;
    count = 0;
    step = 0;
    gain = -1;
  }

  /** Has a step tried, given by one over it. */
  void add(float inverse) {
    tried.inverses()[count++] = inverse;
  }

  /** Tries what was added, then codes and step are bettered in turn; returns the best, or 0. */
  float best() {
    keep();
    for (int round = 0; round < ROUNDS && step != 0; round++) {
      double before = gain;
      add((float) (1 / step));
      keep();
      if (gain <= before) {
        break;
      }
    }
    return (float) step;
  }

  private void keep() {
    sums();
    for (int c = 0; c < count; c++) {
      double xq = tried.products()[c];
      double qq = tried.squares()[c];
      if (qq > 0 && xq * xq > gain * qq) {
        step = xq / qq;
        gain = xq * xq / qq;
      }
    }
    count = 0;
  }

  private void sums() {
    if (table == null) {
      Backends.chosen().gridSums().integers(group, low, high, count, tried);
    } else {
      Backends.chosen().gridSums().table(group, table, count, tried);
    }
  }

  /**
   * The factor from {@code least} to {@code most}, one beside the nearest to {@code wanted} at
   * most, for which {@code base · factor} is the best step; its error less the weighted square of
   * the values is then {@link #error()}.
   */
  int factor(Group group, float base, float wanted, int least, int most) {
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
      }
    }
    return best;
  }

  /** What the last call of {@link #factor} leaves, less {@code Σwx²}; negative as a rule. */
  double error() {
    return -gain;
  }
}
