package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.MatMulKernel;
import java.util.List;

/**
 * {@code y + narrow·upᵀ} in the buffer of {@code y}: a product's result and what a factor of low
 * rank adds to it.
 *
 * @param y {@code [.., out]}; changed, so whatever made it must not read it for its gradient
 * @param narrow {@code [.., rank]}
 * @param up {@code [out, rank]}
 */
public record AddLowRank(Tensor y, Tensor narrow, Tensor up) implements CostlyOp {
  public AddLowRank {
    if (narrow.dim(-1) != up.dim(1) || y.dim(-1) != up.dim(0) || y.rows() != narrow.rows()) {
      throw new IllegalArgumentException(
          "y " + y.shape() + ", narrow " + narrow.shape() + ", up " + up.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(y, narrow, up);
  }

  @Override
  public Tensor forward(Tape tape) {
    int out = up.dim(0);
    int rank = up.dim(1);
    tape.backend()
        .matMul()
        .xwt(
            y.rows(),
            out,
            rank,
            narrow.data(),
            0,
            rank,
            up.data(),
            0,
            rank,
            y.data(),
            0,
            out,
            true);
    return Tensor.of(y.data(), y.shape());
  }

  @Override
  public void backward(Tensor sum, Tensor dSum, Gradients g) {
    MatMulKernel kernel = g.backend().matMul();
    int n = y.rows();
    int out = up.dim(0);
    int rank = up.dim(1);
    float[] d = dSum.data();
    Ops.passThrough(g, y, dSum);
    g.add(
        narrow,
        (dx, add) ->
            kernel.xw(n, rank, out, d, 0, out, up.data(), 0, rank, dx.data(), 0, rank, add));
    g.add(
        up,
        (dw, add) ->
            kernel.xtw(out, rank, n, d, 0, out, narrow.data(), 0, rank, dw.data(), 0, rank, add));
  }
}
