package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/** {@code y[i] = table[ids[i]]}, with table {@code [vocab, dim]}, y {@code [ids, dim]}. */
public record Embed(Tensor table, int[] ids) implements Op {
  public Embed {
    for (int id : ids) {
      if (id < 0 || id >= table.dim(0)) {
        throw new IllegalArgumentException(
            "token id " + id + " is outside the vocabulary of " + table.dim(0));
      }
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(table);
  }

  @Override
  public Tensor forward(Tape tape) {
    int dim = table.dim(1);
    Tensor y = tape.workspace().take(ids.length, dim);
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(table.data(), ids[i] * dim, y.data(), i * dim, dim);
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int dim = table.dim(1);
    g.add(
        table,
        (dt, add) -> {
          if (!add) {
            Arrays.fill(dt.data(), 0, dt.size(), 0f);
          }
          for (int i = 0; i < ids.length; i++) {
            g.backend().elementwise().copy(dim, dy.data(), i * dim, dt.data(), ids[i] * dim, true);
          }
        });
  }
}
