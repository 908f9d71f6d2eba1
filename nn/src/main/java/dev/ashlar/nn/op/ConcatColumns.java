package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** Rows side by side: {@code [.., a]}, {@code [.., b]}… to {@code [.., a + b + …]}. */
public record ConcatColumns(List<Tensor> parts) implements Op {
  public ConcatColumns {
    parts = List.copyOf(parts);
    for (Tensor p : parts) {
      if (p.rows() != parts.getFirst().rows()) {
        throw new IllegalArgumentException(
            "rows of " + parts.getFirst().shape() + " beside rows of " + p.shape());
      }
    }
  }

  @Override
  public List<Tensor> inputs() {
    return parts;
  }

  @Override
  public Tensor forward(Tape tape) {
    long[] dims = parts.getFirst().shape().toArray();
    dims[dims.length - 1] = parts.stream().mapToLong(p -> p.dim(-1)).sum();
    Tensor y = tape.workspace().take(dims);
    int width = y.dim(-1);
    int at = 0;
    for (Tensor p : parts) {
      int dim = p.dim(-1);
      for (int r = 0; r < p.rows(); r++) {
        System.arraycopy(p.data(), r * dim, y.data(), r * width + at, dim);
      }
      at += dim;
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int width = y.dim(-1);
    int at = 0;
    for (Tensor p : parts) {
      int dim = p.dim(-1);
      int from = at;
      g.add(
          p,
          (dx, add) -> {
            for (int r = 0; r < p.rows(); r++) {
              g.backend()
                  .elementwise()
                  .copy(dim, dy.data(), r * width + from, dx.data(), r * dim, add);
            }
          });
      at += dim;
    }
  }
}
