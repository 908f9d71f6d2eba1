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
  private final int counted;
  private Tensor lse;
  private double sum;

  /**
   * Of one target for each row.
   *
   * @param logits {@code [rows, vocab]}
   * @param targets ids {@code [rows]}; a negative one is left out
   * @throws IllegalArgumentException if their number or one of them does not fit
   */
  public CrossEntropy(Tensor logits, int[] targets) {
    if (logits.rows() != targets.length) {
      throw new IllegalArgumentException(targets.length + " targets for logits " + logits.shape());
    }
    int count = 0;
    for (int t : targets) {
      if (t >= logits.dim(-1)) {
        throw new IllegalArgumentException("target " + t + " of a vocabulary " + logits.dim(-1));
      }
      count += t < 0 ? 0 : 1;
    }
    this.logits = logits;
    this.targets = targets;
    this.counted = count;
  }

  /** Targets that count. */
  public int counted() {
    return counted;
  }

  /** The sum of the losses in double, known after the forward. */
  public double sum() {
    return sum;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  @Override
  public Tensor forward(Tape tape) {
    int vocab = logits.dim(-1);
    double[] losses = new double[targets.length];
    lse = tape.workspace().take(targets.length);
    Parallel.rows(
        targets.length,
        Ops.rowGrain(vocab),
        (from, to) ->
            tape.backend()
                .loss()
                .crossEntropy(from, to, vocab, logits.data(), targets, losses, lse.data()));
    sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    Tensor y = tape.workspace().take();
    y.data()[0] = (float) (sum / Math.max(1, counted));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int vocab = logits.dim(-1);
    float scale = dy.data()[0] / Math.max(1, counted);
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
