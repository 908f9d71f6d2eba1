package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y[r] = s[r]·x[r]}, with x {@code [.., dim]}, s one factor per row. */
public record ScaleRows(Tensor x, Tensor s) implements Op {
  public ScaleRows {
    if (s.size() != x.rows()) {
      throw new IllegalArgumentException("factors " + s.shape() + " for rows of " + x.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x, s);
  }

  @Override
  public Tensor forward(Tape tape) {
    int dim = x.dim(-1);
    Tensor y = tape.workspace().take(x.shape());
    for (int r = 0; r < x.rows(); r++) {
      tape.backend()
          .elementwise()
          .scale(dim, s.data()[r], x.data(), r * dim, y.data(), r * dim, false);
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int dim = x.dim(-1);
    g.add(
        x,
        (dx, add) -> {
          for (int r = 0; r < x.rows(); r++) {
            g.backend()
                .elementwise()
                .scale(dim, s.data()[r], dy.data(), r * dim, dx.data(), r * dim, add);
          }
        });
    g.add(
        s,
        (ds, add) -> {
          for (int r = 0; r < x.rows(); r++) {
            double dot = 0;
            for (int d = 0; d < dim; d++) {
              dot += (double) dy.data()[r * dim + d] * x.data()[r * dim + d];
            }
            ds.data()[r] = (float) (add ? ds.data()[r] + dot : dot);
          }
        });
  }
}
