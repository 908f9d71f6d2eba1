package dev.ashlar.tuning.finish;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/**
 * {@code Σ_rows KL(softmax(teacher) ‖ softmax(logits))}: a scalar, in nats. Its gradient is {@code
 * softmax(logits) − softmax(teacher)}.
 */
final class KlDivergence implements Op {
  private final Tensor logits;
  private final Tensor teacher;
  private Tensor difference;
  private double sum;

  /**
   * @param logits {@code [rows, vocab]}
   * @param teacher {@code [rows, vocab]}; no gradient flows to it
   */
  KlDivergence(Tensor logits, Tensor teacher) {
    this.logits = logits;
    this.teacher = teacher;
  }

  /** The sum in double, known after the forward. */
  double sum() {
    return sum;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  @Override
  public Tensor forward(Tape tape) {
    int rows = logits.rows();
    int vocab = logits.dim(-1);
    double[] losses = new double[rows];
    difference = tape.workspace().take(rows, vocab);
    Tensor p = tape.workspace().take(rows, vocab);
    Parallel.rows(
        rows,
        1,
        (from, to) -> {
          tape.backend().softmax().forward(from, to, vocab, logits.data(), difference.data());
          tape.backend().softmax().forward(from, to, vocab, teacher.data(), p.data());
          for (int r = from; r < to; r++) {
            losses[r] = row(r * vocab, vocab, difference.data(), p.data());
          }
        });
    sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    Tensor y = tape.workspace().take();
    y.data()[0] = (float) sum;
    return y;
  }

  /** Leaves q − p in place of q. */
  private double row(int at, int vocab, float[] q, float[] p) {
    float[] l = logits.data();
    float[] t = teacher.data();
    int top = at;
    int first = at;
    for (int i = at; i < at + vocab; i++) {
      top = l[i] > l[top] ? i : top;
      first = t[i] > t[first] ? i : first;
    }
    // log softmax, by the largest of each.
    double own = l[top] - Math.log(q[top]);
    double other = t[first] - Math.log(p[first]);
    double loss = 0;
    for (int i = at; i < at + vocab; i++) {
      loss += p[i] * ((double) t[i] - l[i]);
      q[i] -= p[i];
    }
    return loss + own - other;
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
