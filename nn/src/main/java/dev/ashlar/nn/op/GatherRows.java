package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/**
 * {@code y[i] = x[rows[i]]}, with x {@code [n, dim]}, y {@code [rows, dim]}.
 *
 * @param rows not copied
 */
public record GatherRows(Tensor x, int[] rows) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    int dim = x.dim(-1);
    Tensor y = tape.workspace().take(rows.length, dim);
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(x.data(), rows[i] * dim, y.data(), i * dim, dim);
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int dim = x.dim(-1);
    g.add(
        x,
        (dx, add) -> {
          if (!add) {
            Arrays.fill(dx.data(), 0, dx.size(), 0f);
          }
          for (int i = 0; i < rows.length; i++) {
            g.backend().elementwise().copy(dim, dy.data(), i * dim, dx.data(), rows[i] * dim, true);
          }
        });
  }
}
