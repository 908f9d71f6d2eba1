package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/**
 * The weights of a mixture's experts: scores of the logits, kept where an expert was chosen and 0
 * elsewhere. The choice itself has no gradient.
 */
public final class Route implements Routing {
  /** From logits to scores. */
  public enum Score {
    SOFTMAX,
    SIGMOID
  }

  /** Which experts a token uses. */
  @FunctionalInterface
  public interface Choice {
    /**
     * Sets {@code chosen} for the experts of one token.
     *
     * @param scores {@code [experts]}
     * @param chosen all false
     */
    void choose(double[] scores, boolean[] chosen);
  }

  private final Tensor logits;
  private final Score score;
  private final Choice choice;
  private final boolean normalize;
  private final float scale;
  private double[] scores;
  private boolean[] chosen;

  /**
   * @param logits {@code [tokens, experts]}
   * @param normalize whether the chosen scores are divided by their sum
   * @param scale multiplies the weights
   */
  public Route(Tensor logits, Score score, Choice choice, boolean normalize, float scale) {
    this.logits = logits;
    this.score = score;
    this.choice = choice;
    this.normalize = normalize;
    this.scale = scale;
  }

  @Override
  public boolean uses(int t, int e) {
    return chosen[t * logits.dim(-1) + e];
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(logits);
  }

  /** {@code [tokens, experts]}. */
  @Override
  public Tensor forward(Tape tape) {
    int experts = logits.dim(-1);
    Tensor y = tape.workspace().take(logits.shape());
    scores = new double[logits.size()];
    chosen = new boolean[logits.size()];
    double[] row = new double[experts];
    boolean[] picked = new boolean[experts];
    for (int t = 0; t < logits.rows(); t++) {
      score(t * experts, row);
      Arrays.fill(picked, false);
      choice.choose(row, picked);
      double sum = 0;
      for (int e = 0; e < experts; e++) {
        sum += picked[e] ? row[e] : 0;
      }
      for (int e = 0; e < experts; e++) {
        scores[t * experts + e] = row[e];
        chosen[t * experts + e] = picked[e];
        double w = picked[e] ? scale * row[e] / (normalize ? sum : 1) : 0;
        y.data()[t * experts + e] = (float) w;
      }
    }
    return y;
  }

  private void score(int at, double[] row) {
    float[] x = logits.data();
    if (score == Score.SIGMOID) {
      for (int e = 0; e < row.length; e++) {
        row[e] = 1 / (1 + Math.exp(-x[at + e]));
      }
      return;
    }
    double max = Double.NEGATIVE_INFINITY;
    for (int e = 0; e < row.length; e++) {
      max = Math.max(max, x[at + e]);
    }
    double sum = 0;
    for (int e = 0; e < row.length; e++) {
      row[e] = Math.exp(x[at + e] - max);
      sum += row[e];
    }
    for (int e = 0; e < row.length; e++) {
      row[e] /= sum;
    }
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        logits,
        (dx, add) -> {
          int experts = logits.dim(-1);
          double[] d = new double[experts];
          for (int t = 0; t < logits.rows(); t++) {
            scoreGradient(t * experts, y.data(), dy.data(), d);
            logitGradient(t * experts, d);
            for (int e = 0; e < experts; e++) {
              int i = t * experts + e;
              dx.data()[i] = (float) (add ? dx.data()[i] + d[e] : d[e]);
            }
          }
        });
  }

  /** From gradients of the weights of one token to those of its scores. */
  private void scoreGradient(int at, float[] w, float[] dw, double[] d) {
    double sum = 0;
    double dot = 0;
    for (int e = 0; e < d.length; e++) {
      if (chosen[at + e]) {
        sum += scores[at + e];
        dot += (double) dw[at + e] * w[at + e];
      }
    }
    for (int e = 0; e < d.length; e++) {
      double full = normalize ? (scale * dw[at + e] - dot) / sum : scale * dw[at + e];
      d[e] = chosen[at + e] ? full : 0;
    }
  }

  /** From gradients of the scores to those of the logits, in place. */
  private void logitGradient(int at, double[] d) {
    double dot = 0;
    for (int e = 0; e < d.length; e++) {
      dot += d[e] * scores[at + e];
    }
    for (int e = 0; e < d.length; e++) {
      double p = scores[at + e];
      d[e] = score == Score.SOFTMAX ? p * (d[e] - dot) : d[e] * p * (1 - p);
    }
  }
}
