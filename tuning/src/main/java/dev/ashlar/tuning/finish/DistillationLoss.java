package dev.ashlar.tuning.finish;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/**
 * What a model's predictions lack: a scalar in nats, summed over rows. A row counts {@code (1 − λ)·
 * KL(softmax(teacher) ‖ softmax(logits)) − λ·log softmax(logits)[next]}; one that nothing follows
 * counts the divergence alone. With y the one-hot of the next token the gradient is {@code
 * softmax(logits) − (1 − λ)·softmax(teacher) − λ·y} (Hinton et al., arXiv 1503.02531, with a
 * temperature of 1).
 */
final class DistillationLoss implements Op {
  /** In place of a token where none follows. */
  static final int NOTHING = -1;

  private final Tensor logits;
  private final Tensor teacher;
  private final int[] next;
  private final double labels;
  private Tensor difference;
  private Sums sums;

  /**
   * What was summed.
   *
   * @param loss what gradients are of
   * @param divergence KL alone
   */
  record Sums(double loss, double divergence) {
    static final Sums NONE = new Sums(0, 0);

    Sums plus(Sums other) {
      return new Sums(loss + other.loss, divergence + other.divergence);
    }

    Sums over(double count) {
      return new Sums(loss / count, divergence / count);
    }
  }

  /**
   * @param logits {@code [rows, vocab]}
   * @param teacher {@code [rows, vocab]}; no gradient flows to it
   * @param next the token behind each row, or {@link #NOTHING}, {@code [rows]}
   * @param labels λ, 0 to 1
   */
  DistillationLoss(Tensor logits, Tensor teacher, int[] next, double labels) {
    this.logits = logits;
    this.teacher = teacher;
    this.next = next;
    this.labels = labels;
  }

  /** The sums in double, known after the forward. */
  Sums sums() {
    return sums;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  @Override
  public Tensor forward(Tape tape) {
    int rows = logits.rows();
    int vocab = logits.dim(-1);
    Sums[] each = new Sums[rows];
    difference = tape.workspace().take(rows, vocab);
    Tensor p = tape.workspace().take(rows, vocab);
    Parallel.rows(
        rows,
        1,
        (from, to) -> {
          tape.backend().softmax().forward(from, to, vocab, logits.data(), difference.data());
          tape.backend().softmax().forward(from, to, vocab, teacher.data(), p.data());
          for (int r = from; r < to; r++) {
            each[r] = row(r, vocab, difference.data(), p.data());
          }
        });
    sums = Sums.NONE;
    for (Sums row : each) {
      sums = sums.plus(row);
    }
    Tensor y = tape.workspace().take();
    y.data()[0] = (float) sums.loss();
    return y;
  }

  /** Leaves the gradient in place of q. */
  private Sums row(int row, int vocab, float[] q, float[] p) {
    float[] l = logits.data();
    float[] t = teacher.data();
    int at = row * vocab;
    int top = at;
    int first = at;
    for (int i = at; i < at + vocab; i++) {
      top = l[i] > l[top] ? i : top;
      first = t[i] > t[first] ? i : first;
    }
    // log softmax, by the largest of each.
    double own = l[top] - Math.log(q[top]);
    double other = t[first] - Math.log(p[first]);
    double share = next[row] == NOTHING ? 0 : labels;
    float weight = (float) (1 - share);
    double loss = 0;
    for (int i = at; i < at + vocab; i++) {
      loss += p[i] * ((double) t[i] - l[i]);
      q[i] -= weight * p[i];
    }
    double divergence = loss + own - other;
    if (share == 0) {
      return new Sums(divergence, divergence);
    }
    q[at + next[row]] -= (float) share;
    return new Sums((1 - share) * divergence + share * (own - l[at + next[row]]), divergence);
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    float scale = dy.data()[0];
    g.add(
        logits,
        (d, add) -> {
          float[] from = difference.data();
          float[] into = d.data();
          Parallel.rows(
              logits.rows(),
              1,
              (a, b) -> {
                int vocab = logits.dim(-1);
                for (int i = a * vocab; i < b * vocab; i++) {
                  into[i] = (add ? into[i] : 0) + scale * from[i];
                }
              });
        });
  }
}
