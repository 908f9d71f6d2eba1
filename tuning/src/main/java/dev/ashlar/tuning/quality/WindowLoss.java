package dev.ashlar.tuning.quality;

import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tuning.method.Unit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Negative log-likelihood of windows, from what the last block puts out. The head is asked for some
 * rows at a time: logits of a whole window would be the largest thing in memory.
 */
final class WindowLoss {
  /** Rows whose logits are there at once; at least half as many, so that kernels stay the same. */
  private static final int ROWS = 128;

  /** Final norm and output map of some rows. */
  @FunctionalInterface
  private interface Head {
    Tensor logits(Tensor part, int n, Tape tape);
  }

  private final Head head;
  private final List<Double> means = new ArrayList<>();
  private double sum;
  private long tokens;

  /**
   * @param head final norm and output map
   */
  WindowLoss(Unit head) {
    this.head = (part, n, tape) -> head.forward(part, BlockContext.of(1, n), tape);
  }

  /**
   * @param model whose head is asked
   */
  WindowLoss(Runner model) {
    this.head = (part, n, tape) -> model.head(part);
  }

  /** Sees logits before they are forgotten. */
  @FunctionalInterface
  interface LogitListener {
    /**
     * @param logits {@code [1, n, vocab]} of a window's positions from {@code at} on
     */
    void rows(Tensor logits, int at, int n);
  }

  /**
   * Adds a window.
   *
   * @param hidden {@code [1, length, dim]}, what the last block puts out
   * @param targets for each position the token after it; negative where none counts
   */
  void add(Tensor hidden, int[] targets, Tape tape) {
    add(hidden, targets, tape, (logits, at, n) -> {});
  }

  /** The same, showing the logits of all positions. */
  void add(Tensor hidden, int[] targets, Tape tape, LogitListener listener) {
    int length = targets.length;
    int pieces = (length + ROWS - 1) / ROWS;
    int rows = (length + pieces - 1) / pieces;
    double[] losses = new double[length];
    for (int at = 0; at < length; at += rows) {
      int n = Math.min(rows, length - at);
      int mark = tape.mark();
      Tensor logits = logits(hidden, at, n, tape);
      measure(logits, targets, at, n, losses, tape);
      listener.rows(logits, at, n);
      tape.release(mark, null);
    }
    double window = 0;
    int counted = 0;
    for (int t = 0; t < length; t++) {
      window += losses[t];
      counted += targets[t] < 0 ? 0 : 1;
    }
    sum += window;
    tokens += counted;
    means.add(window / counted);
  }

  /**
   * Logits {@code [1, n, vocab]} of the positions from {@code at} on, in a buffer of the tape's.
   *
   * @param hidden {@code [1, length, dim]}
   */
  Tensor logits(Tensor hidden, int at, int n, Tape tape) {
    int dim = hidden.dim(-1);
    Tensor part = tape.workspace().take(1, n, dim);
    System.arraycopy(hidden.data(), at * dim, part.data(), 0, n * dim);
    return head.logits(part, n, tape);
  }

  private static void measure(
      Tensor logits, int[] targets, int at, int n, double[] losses, Tape tape) {
    int vocab = logits.dim(-1);
    int[] own = Arrays.copyOfRange(targets, at, at + n);
    double[] found = new double[n];
    Tensor lse = tape.workspace().take(n);
    Parallel.rows(
        n,
        1,
        (from, to) ->
            tape.backend()
                .loss()
                .crossEntropy(from, to, vocab, logits.data(), own, found, lse.data()));
    System.arraycopy(found, 0, losses, at, n);
  }

  /** Nats per token so far. */
  double mean() {
    return sum / tokens;
  }

  /** Standard error of that mean, from the windows' own means; NaN for fewer than two windows. */
  double standardError() {
    return Spread.ofMean(means);
  }

  /** Predicted tokens so far. */
  long tokens() {
    return tokens;
  }
}
