package dev.ashlar.nn.op;

import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;

/** {@code y = x·wᵀ} with a {@code w [out, in]} of 16-bit floats to which no gradient flows. */
public final class HalfMatMul implements CostlyOp {
  private final Tensor x;
  private final HalfMatrix w;

  /**
   * @param x {@code [.., in]}
   */
  public HalfMatMul(Tensor x, HalfMatrix w) {
    if (x.dim(-1) != w.in()) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x "
              + x.shape()
              + ", w ["
              + w.out()
              + ", "
              + w.in()
              + "]");
    }
    this.x = x;
    this.w = w;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    Tensor y = tape.workspace().take(x.shape().withLast(w.out()));
    tape.backend().matMul().xwt(x.rows(), x.data(), 0, w, y.data(), 0);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(x, (dx, add) -> g.backend().matMul().xw(x.rows(), dy.data(), 0, w, dx.data(), 0, add));
  }
}
