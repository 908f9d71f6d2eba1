package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ElementwiseKernel;
import java.util.List;

/** {@code y = x + bias} on every row, with x {@code [.., dim]}, bias {@code [dim]}. */
public record AddBias(Tensor x, Tensor bias) implements Op {
  public AddBias {
    if (x.dim(-1) != bias.size()) {
      throw new IllegalArgumentException("bias " + bias.shape() + " for rows of " + x.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x, bias);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    int dim = bias.size();
    ElementwiseKernel kernel = tape.backend().elementwise();
    Parallel.rows(
        x.rows(),
        Ops.rowGrain(dim),
        (from, to) -> {
          for (int r = from; r < to; r++) {
            kernel.add(dim, x.data(), r * dim, bias.data(), 0, y.data(), r * dim);
          }
        });
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    Ops.passThrough(g, x, dy);
    g.add(
        bias,
        (db, add) -> {
          for (int r = 0; r < x.rows(); r++) {
            g.backend()
                .elementwise()
                .copy(bias.size(), dy.data(), r * bias.size(), db.data(), 0, add || r > 0);
          }
        });
  }
}
