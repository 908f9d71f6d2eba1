package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = cap·tanh(x/cap)} (Gemma 2, arXiv 2408.00118). */
public record Softcap(Tensor x, float cap) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape());
    for (int i = 0; i < x.size(); i++) {
      y.data()[i] = (float) (cap * Math.tanh(x.data()[i] / cap));
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) -> {
          for (int i = 0; i < x.size(); i++) {
            float t = y.data()[i] / cap;
            float d = dy.data()[i] * (1 - t * t);
            dx.data()[i] = add ? dx.data()[i] + d : d;
          }
        });
  }
}
