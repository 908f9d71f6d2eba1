package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = min(max(x, −bound), bound)}; the gradient passes at and inside the bounds. */
public record Clip(Tensor x, float bound) implements Op {
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
      to[i] = Math.clamp(from[i], -bound, bound);
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) -> {
          float[] in = x.data();
          for (int i = 0; i < x.size(); i++) {
            float d = Math.abs(in[i]) <= bound ? dy.data()[i] : 0;
            dx.data()[i] = add ? dx.data()[i] + d : d;
          }
        });
  }
}
