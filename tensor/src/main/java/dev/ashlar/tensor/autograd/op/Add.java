package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = a + b}, equal shapes. */
public record Add(Tensor a, Tensor b) implements Op {
  public Add {
    if (a.size() != b.size()) {
      throw new IllegalArgumentException("cannot add " + a.shape() + " and " + b.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(a, b);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(a.shape());
    Parallel.rows(
        a.size(),
        Ops.ELEMENTWISE_GRAIN,
        (from, to) ->
            tape.backend()
                .elementwise()
                .add(to - from, a.data(), from, b.data(), from, y.data(), from));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    Ops.passThrough(g, a, dy);
    Ops.passThrough(g, b, dy);
  }
}
