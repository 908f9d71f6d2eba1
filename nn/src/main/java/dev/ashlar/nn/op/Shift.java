package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = x + s}. */
public record Shift(Tensor x, float s) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    float[] from = x.data();
    float[] to = y.data();
    for (int i = 0; i < x.size(); i++) {
      to[i] = from[i] + s;
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x, (dx, add) -> g.backend().elementwise().copy(x.size(), dy.data(), 0, dx.data(), 0, add));
  }
}
