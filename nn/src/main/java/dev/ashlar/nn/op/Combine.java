package dev.ashlar.nn.op;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ElementwiseKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The output of a mixture: {@code y[t] = Σ weights[t, e] · x_e[row of t]} over the experts e that
 * token t uses.
 */
public final class Combine implements Op {
  /**
   * What one expert gave.
   *
   * @param expert its index
   * @param output {@code [rows, dim]}
   * @param rows the token of each row
   */
  public record Part(int expert, Tensor output, int[] rows) {}

  private final List<Part> parts;
  private final Tensor weights;
  private final int dim;

  /**
   * @param weights {@code [tokens, experts]}
   */
  public Combine(List<Part> parts, Tensor weights, int dim) {
    this.parts = List.copyOf(parts);
    this.weights = weights;
    this.dim = dim;
  }

  @Override
  public List<Tensor> inputs() {
    List<Tensor> inputs = new ArrayList<>();
    inputs.add(weights);
    parts.forEach(p -> inputs.add(p.output()));
    return inputs;
  }

  /** {@code [tokens, dim]}. */
  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().takeZeros(Shape.of(weights.rows(), dim));
    ElementwiseKernel kernel = tape.backend().elementwise();
    for (Part p : parts) {
      for (int i = 0; i < p.rows().length; i++) {
        int t = p.rows()[i];
        kernel.scale(dim, weight(t, p), p.output().data(), i * dim, y.data(), t * dim, true);
      }
    }
    return y;
  }

  private float weight(int token, Part p) {
    return weights.data()[token * weights.dim(-1) + p.expert()];
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    ElementwiseKernel kernel = g.backend().elementwise();
    for (Part p : parts) {
      g.add(
          p.output(),
          (dx, add) -> {
            for (int i = 0; i < p.rows().length; i++) {
              int t = p.rows()[i];
              kernel.scale(dim, weight(t, p), dy.data(), t * dim, dx.data(), i * dim, add);
            }
          });
    }
    g.add(weights, (dw, add) -> weightGradient(dy, dw, add));
  }

  private void weightGradient(Tensor dy, Tensor dw, boolean add) {
    if (!add) {
      Arrays.fill(dw.data(), 0, dw.size(), 0f);
    }
    for (Part p : parts) {
      for (int i = 0; i < p.rows().length; i++) {
        int t = p.rows()[i];
        double dot = 0;
        for (int d = 0; d < dim; d++) {
          dot += (double) dy.data()[t * dim + d] * p.output().data()[i * dim + d];
        }
        dw.data()[t * weights.dim(-1) + p.expert()] += (float) dot;
      }
    }
  }
}
