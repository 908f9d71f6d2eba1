package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/**
 * SparseMixer routing at inference (Liu et al., arXiv 2310.00811): the two largest logits, each
 * weighed by a softmax over only those logits that come close to it.
 */
public final class SparseMix implements Routing {
  private static final int PICKS = 2;

  private final Tensor logits;
  private final double tolerance;
  private double[] softmax;
  private int[] picked;

  /**
   * @param logits {@code [tokens, experts]}
   * @param jitter relative distance, halved, within which a logit counts as close
   */
  public SparseMix(Tensor logits, double jitter) {
    if (logits.dim(-1) < PICKS) {
      throw new IllegalArgumentException("two experts of " + logits.dim(-1));
    }
    this.logits = logits;
    this.tolerance = 2 * jitter;
  }

  @Override
  public boolean uses(int t, int e) {
    return picked[PICKS * t] == e || picked[PICKS * t + 1] == e;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  @Override
  public Tensor forward(Tape tape) {
    int experts = logits.dim(-1);
    Tensor y = tape.workspace().takeZeros(logits.shape());
    softmax = new double[PICKS * logits.size()];
    picked = new int[PICKS * logits.rows()];
    for (int t = 0; t < logits.rows(); t++) {
      int first = pick(t, 0, -1);
      int second = pick(t, 1, first);
      picked[PICKS * t] = first;
      picked[PICKS * t + 1] = second;
      y.data()[t * experts + first] = (float) softmax[PICKS * t * experts + first];
      y.data()[t * experts + second] = (float) softmax[(PICKS * t + 1) * experts + second];
    }
    return y;
  }

  /** Fills the softmax of one pick and returns the expert; {@code taken} is out of the question. */
  private int pick(int t, int rank, int taken) {
    int experts = logits.dim(-1);
    float[] x = logits.data();
    int at = t * experts;
    int best = taken == 0 ? 1 : 0;
    for (int e = 0; e < experts; e++) {
      if (e != taken && x[at + e] > x[at + best]) {
        best = e;
      }
    }
    double max = x[at + best];
    int row = (PICKS * t + rank) * experts;
    double sum = 0;
    for (int e = 0; e < experts; e++) {
      double distance = (max - x[at + e]) / Math.max(Math.abs(x[at + e]), max);
      boolean far = e == taken || distance > tolerance;
      softmax[row + e] = far ? 0 : Math.exp(x[at + e] - max);
      sum += softmax[row + e];
    }
    for (int e = 0; e < experts; e++) {
      softmax[row + e] /= sum;
    }
    return best;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        logits,
        (dx, add) -> {
          int experts = logits.dim(-1);
          if (!add) {
            Arrays.fill(dx.data(), 0, dx.size(), 0f);
          }
          for (int p = 0; p < picked.length; p++) {
            int at = p / PICKS * experts;
            double w = softmax[p * experts + picked[p]];
            double d = dy.data()[at + picked[p]];
            for (int e = 0; e < experts; e++) {
              double same = e == picked[p] ? 1 : 0;
              dx.data()[at + e] += (float) (d * w * (same - softmax[p * experts + e]));
            }
          }
        });
  }
}
