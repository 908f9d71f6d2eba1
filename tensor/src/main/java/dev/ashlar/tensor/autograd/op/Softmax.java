package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** Softmax over the innermost extent. */
public record Softmax(Tensor x) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    int dim = x.dim(-1);
    Parallel.rows(
        x.rows(),
        Ops.rowGrain(dim),
        (from, to) -> tape.backend().softmax().forward(from, to, dim, x.data(), y.data()));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int dim = x.dim(-1);
    g.add(
        x,
        (dx, add) ->
            Parallel.rows(
                x.rows(),
                Ops.rowGrain(dim),
                (from, to) ->
                    g.backend()
                        .softmax()
                        .backward(from, to, dim, y.data(), dy.data(), dx.data(), add)));
  }
}
