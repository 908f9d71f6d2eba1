package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;

/**
 * How far one model's predictions are from another's on the same text; more sensitive than
 * perplexity for small differences.
 *
 * @param maxAbsDifference largest difference of a logit
 * @param klDivergence mean over all positions of KL(reference ‖ other), in nats
 * @param topAgreement share of the positions where both rank the same token first
 * @param positions compared
 */
public record LogitComparison(
    double maxAbsDifference, double klDivergence, double topAgreement, long positions) {
  /**
   * Compares two models, window by window; both see the same tokens.
   *
   * @param ids the text, tokenized once without special tokens
   * @param length tokens of each window
   * @param limit windows at most; 0 or less for all
   * @throws IllegalArgumentException if the text is shorter than one window or the vocabularies
   *     differ
   */
  public static LogitComparison of(
      Decoder reference, Decoder other, int[] ids, int length, int limit, WindowListener listener) {
    if (reference.spec().vocab() != other.spec().vocab()) {
      throw new IllegalArgumentException(
          "vocabularies differ: " + reference.spec().vocab() + " and " + other.spec().vocab());
    }
    Windows windows = Windows.of(ids, length, limit);
    BlockContext context = BlockContext.of(1, length);
    Tape referenceTape = Tape.off(reference.backend());
    Tape otherTape = Tape.off(other.backend());
    Rows rows = new Rows(length);
    for (int i = 0; i < windows.count(); i++) {
      int[] window = windows.window(i);
      rows.add(
          reference.forward(window, context, referenceTape),
          other.forward(window, context, otherTape));
      referenceTape.reset();
      otherTape.reset();
      listener.window(i + 1, windows.count(), rows.divergence / rows.positions);
    }
    return new LogitComparison(
        rows.largest,
        rows.divergence / rows.positions,
        (double) rows.agreeing / rows.positions,
        rows.positions);
  }

  /** Sums over rows; each row is measured for itself, then rows are added in order. */
  private static final class Rows {
    private final double[] difference;
    private final double[] kl;
    private final boolean[] same;
    private double largest;
    private double divergence;
    private long agreeing;
    private long positions;

    Rows(int length) {
      this.difference = new double[length];
      this.kl = new double[length];
      this.same = new boolean[length];
    }

    void add(Tensor p, Tensor q) {
      int vocab = p.dim(-1);
      Parallel.rows(
          kl.length,
          1,
          (from, to) -> {
            for (int r = from; r < to; r++) {
              row(p.data(), q.data(), r, vocab);
            }
          });
      for (int r = 0; r < kl.length; r++) {
        largest = Math.max(largest, difference[r]);
        divergence += kl[r];
        agreeing += same[r] ? 1 : 0;
      }
      positions += kl.length;
    }

    private void row(float[] p, float[] q, int r, int vocab) {
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

    private static int top(float[] x, int at, int n) {
      int best = 0;
      for (int i = 1; i < n; i++) {
        if (x[at + i] > x[at + best]) {
          best = i;
        }
      }
      return best;
    }
  }
}
