package dev.ashlar.tuning.quality;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums over rows of logits of two models; each row is measured for itself, then rows are added in
 * order, whoever measured them.
 */
final class LogitRows {
  private final List<Double> klOfWindows = new ArrayList<>();
  private final List<Double> topOfWindows = new ArrayList<>();
  private double largest;
  private double divergence;
  private long agreeing;
  private long positions;
  private double windowDivergence;
  private long windowAgreeing;
  private long windowPositions;

  /**
   * Adds rows of the present window.
   *
   * @param p logits of the reference {@code [.., vocab]}
   * @param q logits of the other model, like {@code p}
   */
  void add(Tensor p, Tensor q) {
    int vocab = p.dim(-1);
    int rows = p.rows();
    double[] difference = new double[rows];
    double[] kl = new double[rows];
    boolean[] same = new boolean[rows];
    Parallel.rows(
        rows,
        1,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            row(p.data(), q.data(), r, vocab, difference, kl, same);
          }
        });
    for (int r = 0; r < rows; r++) {
      largest = Math.max(largest, difference[r]);
      windowDivergence += kl[r];
      windowAgreeing += same[r] ? 1 : 0;
    }
    windowPositions += rows;
  }

  /** Ends the present window. */
  void endWindow() {
    klOfWindows.add(windowDivergence / windowPositions);
    topOfWindows.add((double) windowAgreeing / windowPositions);
    divergence += windowDivergence;
    agreeing += windowAgreeing;
    positions += windowPositions;
    windowDivergence = 0;
    windowAgreeing = 0;
    windowPositions = 0;
  }

  private static void row(
      float[] p, float[] q, int r, int vocab, double[] difference, double[] kl, boolean[] same) {
    int at = r * vocab;
    int topP = top(p, at, vocab);
    int topQ = top(q, at, vocab);
    double maxP = p[at + topP];
    double maxQ = q[at + topQ];
    double sumP = 0;
    double sumQ = 0;
    double weighted = 0;
    double far = 0;
    for (int i = at; i < at + vocab; i++) {
      double e = Math.exp(p[i] - maxP);
      sumP += e;
      sumQ += Math.exp(q[i] - maxQ);
      weighted += e * (((double) p[i] - maxP) - ((double) q[i] - maxQ));
      far = Math.max(far, Math.abs((double) p[i] - q[i]));
    }
    difference[r] = far;
    kl[r] = Math.max(0, weighted / sumP - Math.log(sumP) + Math.log(sumQ));
    same[r] = topP == topQ;
  }

  /** The first of the largest of {@code n} numbers from {@code at} on, counted from there. */
  static int top(float[] x, int at, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      if (x[at + i] > x[at + best]) {
        best = i;
      }
    }
    return best;
  }

  /** Mean divergence so far. */
  double mean() {
    return divergence / positions;
  }

  /** What all windows come to. */
  LogitComparison result() {
    return new LogitComparison(
        largest,
        divergence / positions,
        Spread.ofMean(klOfWindows),
        (double) agreeing / positions,
        Spread.ofMean(topOfWindows),
        positions);
  }
}
