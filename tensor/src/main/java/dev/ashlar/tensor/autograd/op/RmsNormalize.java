package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/**
 * {@code y = x / sqrt(mean(x²) + eps) · weight} on every row of x {@code [.., dim]} (Zhang and
 * Sennrich, arXiv 1910.07467, equation 4). The rows may be finer than the tensor's innermost
 * extent: {@code dim} is the weight's size, which must divide it (per-head norms).
 */
public final class RmsNormalize implements Op {
  private final Tensor x;
  private final Tensor weight;
  private final float eps;
  private Tensor rstd;

  /**
   * @param weight {@code [dim]}
   */
  public RmsNormalize(Tensor x, Tensor weight, float eps) {
    if (x.dim(-1) % weight.size() != 0) {
      throw new IllegalArgumentException(
          "norm weight " + weight.shape() + " does not divide rows of " + x.shape());
    }
    this.x = x;
    this.weight = weight;
    this.eps = eps;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x, weight);
  }

  @Override
  public Tensor forward(Tape tape) {
    int dim = weight.size();
    int rows = x.size() / dim;
    Tensor y = tape.workspace().take(x.shape());
    rstd = tape.workspace().take(rows);
    Parallel.rows(
        rows,
        Ops.rowGrain(dim),
        (from, to) ->
            tape.backend()
                .norm()
                .rms(from, to, dim, eps, x.data(), weight.data(), y.data(), rstd.data()));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int dim = weight.size();
    int rows = x.size() / dim;
    g.add(
        x,
        (dx, add) ->
            Parallel.rows(
                rows, Ops.rowGrain(dim), (from, to) -> run(g, from, to, dy, dx.data(), add, null)));
    g.add(
        weight,
        (dw, add) -> {
          if (!add) {
            Arrays.fill(dw.data(), 0, dim, 0f);
          }
          run(g, 0, rows, dy, null, false, dw.data());
        });
  }

  private void run(
      Gradients g, int from, int to, Tensor dy, float[] dx, boolean add, float[] dWeight) {
    g.backend()
        .norm()
        .rmsBackward(
            from,
            to,
            weight.size(),
            x.data(),
            weight.data(),
            rstd.data(),
            dy.data(),
            dx,
            add,
            dWeight);
  }
}
