package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ElementwiseKernel;
import java.util.List;

/**
 * {@code y[r] = x[r]·w}, element by element, with x {@code [.., dim]}, w of {@code dim} elements.
 */
public record ScaleColumns(Tensor x, Tensor w) implements Op {
  public ScaleColumns {
    if (x.dim(-1) != w.size()) {
      throw new IllegalArgumentException("weight " + w.shape() + " for rows of " + x.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x, w);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    multiply(tape.backend().elementwise(), x, y, false);
    return y;
  }

  private void multiply(ElementwiseKernel kernel, Tensor from, Tensor to, boolean add) {
    int dim = w.size();
    for (int r = 0; r < x.rows(); r++) {
      kernel.multiply(dim, from.data(), r * dim, w.data(), 0, to.data(), r * dim, add);
    }
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    ElementwiseKernel kernel = g.backend().elementwise();
    g.add(x, (dx, add) -> multiply(kernel, dy, dx, add));
    g.add(
        w,
        (dw, add) -> {
          int dim = w.size();
          for (int r = 0; r < x.rows(); r++) {
            kernel.multiply(dim, dy.data(), r * dim, x.data(), r * dim, dw.data(), 0, add || r > 0);
          }
        });
  }
}
