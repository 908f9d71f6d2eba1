package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.List;

/** {@code y = x·wᵀ}, with x {@code [.., in]}, w {@code [out, in]}, y {@code [.., out]}. */
public record MatMul(Tensor x, Tensor w) implements CostlyOp {
  public MatMul {
    if (x.dim(-1) != w.dim(-1) || w.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x " + x.shape() + ", w " + w.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x, w);
  }

  @Override
  public Tensor forward(Tape tape) {
    long[] dims = x.shape().toArray();
    dims[dims.length - 1] = w.dim(0);
    Tensor y = tape.workspace().take(dims);
    int in = w.dim(1);
    int out = w.dim(0);
    tape.backend()
        .matMul()
        .xwt(x.rows(), out, in, x.data(), 0, in, w.data(), 0, in, y.data(), 0, out, false);
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    MatMulKernel kernel = g.backend().matMul();
    int n = x.rows();
    int in = w.dim(1);
    int out = w.dim(0);
    g.add(
        x,
        (dx, add) ->
            kernel.xw(n, in, out, dy.data(), 0, out, w.data(), 0, in, dx.data(), 0, in, add));
    g.add(
        w,
        (dw, add) ->
            kernel.xtw(out, in, n, dy.data(), 0, out, x.data(), 0, in, dw.data(), 0, in, add));
  }
}
