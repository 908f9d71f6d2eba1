package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/**
 * Mean negative log-likelihood of {@code targets} under softmax of logits {@code [rows, vocab]}: a
 * scalar. Rows with a negative target are left out of sum and count.
 */
public final class CrossEntropy implements Op {
  private final Tensor logits;
  private final int[] targets;
  private final int divisor;
  private Tensor lse;
  private double[] losses;

  /**
   * Of one target for each row.
   *
   * @param logits {@code [rows, vocab]}
   * @param targets ids {@code [rows]}; a negative one is left out
   * @throws IllegalArgumentException if their number or one of them does not fit
   */
  public CrossEntropy(Tensor logits, int[] targets) {
    this(logits, targets, count(targets));
  }

  /**
   * The same as a part of a mean over more rows.
   *
   * @param divisor targets that count in all rows of the mean
   */
  public CrossEntropy(Tensor logits, int[] targets, int divisor) {
    if (logits.rows() != targets.length) {
      throw new IllegalArgumentException(targets.length + " targets for logits " + logits.shape());
    }
    for (int t : targets) {
      if (t >= logits.dim(-1)) {
        throw new IllegalArgumentException("target " + t + " of a vocabulary " + logits.dim(-1));
      }
    }
    this.logits = logits;
    this.targets = targets;
    this.divisor = Math.max(1, divisor);
  }

  /** Targets that count: those that are not negative. */
  public static int count(int... targets) {
    int count = 0;
    for (int t : targets) {
      count += t < 0 ? 0 : 1;
    }
    return count;
  }

  /** Targets that count. */
  public int counted() {
    return count(targets);
  }

  /** The sum of the losses in double, known after the forward. */
  public double sum() {
    return addTo(0);
  }

  /** {@code sum} and the losses of all rows, added in their order; known after the forward. */
  public double addTo(double sum) {
    double all = sum;
    for (double loss : losses) {
      all += loss;
    }
    return all;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  @Override
  public Tensor forward(Tape tape) {
    int vocab = logits.dim(-1);
    losses = new double[targets.length];
    lse = tape.workspace().take(targets.length);
    Parallel.rows(
        targets.length,
        Ops.rowGrain(vocab),
        (from, to) ->
            tape.backend()
                .loss()
                .crossEntropy(from, to, vocab, logits.data(), targets, losses, lse.data()));
    Tensor y = tape.workspace().take();
    y.data()[0] = (float) (addTo(0) / divisor);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int vocab = logits.dim(-1);
    float scale = dy.data()[0] / divisor;
    g.add(
        logits,
        (d, add) ->
            Parallel.rows(
                targets.length,
                Ops.rowGrain(vocab),
                (from, to) ->
                    g.backend()
                        .loss()
                        .crossEntropyBackward(
                            from,
                            to,
                            vocab,
                            logits.data(),
                            targets,
                            lse.data(),
                            scale,
                            d.data(),
                            add)));
  }
}
