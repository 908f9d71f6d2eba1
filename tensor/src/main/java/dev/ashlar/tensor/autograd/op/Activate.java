package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationKernel;
import java.util.List;

/** {@code y = f(x)}, element by element. */
public record Activate(ActivationKernel.Function f, Tensor x) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    Parallel.rows(
        x.size(),
        Ops.ELEMENTWISE_GRAIN,
        (from, to) -> tape.backend().activation().forward(f, from, to - from, x.data(), y.data()));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) ->
            Parallel.rows(
                x.size(),
                Ops.ELEMENTWISE_GRAIN,
                (from, to) ->
                    g.backend()
                        .activation()
                        .backward(f, from, to - from, x.data(), dy.data(), dx.data(), add)));
  }
}
