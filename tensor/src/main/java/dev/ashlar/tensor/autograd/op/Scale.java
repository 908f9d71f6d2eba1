package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = s·x}. */
public record Scale(Tensor x, float s) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    tape.backend().elementwise().scale(x.size(), s, x.data(), 0, y.data(), 0, false);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) -> g.backend().elementwise().scale(x.size(), s, dy.data(), 0, dx.data(), 0, add));
  }
}
