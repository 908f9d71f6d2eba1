package dev.ashlar.tensor.autograd.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code y = (x − mean)/sqrt(var + eps)·weight + bias} on every row of x {@code [.., dim]} (Ba et
 * al., arXiv 1607.06450). Weight and bias may be null.
 */
public final class LayerNormalize implements Op {
  private final Tensor x;
  private final Tensor weight;
  private final Tensor bias;
  private final int dim;
  private final float eps;
  private Tensor mean;
  private Tensor rstd;

  /**
   * @param weight {@code [dim]} or null
   * @param bias {@code [dim]} or null
   */
  public LayerNormalize(Tensor x, Tensor weight, Tensor bias, int dim, float eps) {
    if (x.dim(-1) % dim != 0 || (weight != null && weight.size() != dim)) {
      throw new IllegalArgumentException("layer norm of " + dim + " on rows of " + x.shape());
    }
    this.x = x;
    this.weight = weight;
    this.bias = bias;
    this.dim = dim;
    this.eps = eps;
  }

  @Override
  public List<Tensor> inputs() {
    List<Tensor> inputs = new ArrayList<>(List.of(x));
    if (weight != null) {
      inputs.add(weight);
    }
    if (bias != null) {
      inputs.add(bias);
    }
    return inputs;
  }

  @Override
  public Tensor forward(Tape tape) {
    int rows = x.size() / dim;
    Tensor y = tape.workspace().take(x.shape());
    mean = tape.workspace().take(rows);
    rstd = tape.workspace().take(rows);
    Parallel.rows(
        rows,
        Ops.rowGrain(dim),
        (from, to) ->
            tape.backend()
                .norm()
                .layer(
                    from,
                    to,
                    dim,
                    eps,
                    x.data(),
                    data(weight),
                    data(bias),
                    y.data(),
                    mean.data(),
                    rstd.data()));
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    int rows = x.size() / dim;
    g.add(
        x,
        (dx, add) ->
            Parallel.rows(
                rows,
                Ops.rowGrain(dim),
                (from, to) -> run(g, from, to, dy, dx.data(), add, null, null)));
    if (weight != null) {
      g.add(weight, (dw, add) -> run(g, 0, rows, dy, null, false, cleared(dw, add), null));
    }
    if (bias != null) {
      g.add(bias, (db, add) -> run(g, 0, rows, dy, null, false, null, cleared(db, add)));
    }
  }

  private static float[] cleared(Tensor t, boolean add) {
    if (!add) {
      Arrays.fill(t.data(), 0, t.size(), 0f);
    }
    return t.data();
  }

  private static float[] data(Tensor t) {
    return t == null ? null : t.data();
  }

  private void run(
      Gradients g,
      int from,
      int to,
      Tensor dy,
      float[] dx,
      boolean add,
      float[] dWeight,
      float[] dBias) {
    g.backend()
        .norm()
        .layerBackward(
            from,
            to,
            dim,
            x.data(),
            data(weight),
            mean.data(),
            rstd.data(),
            dy.data(),
            dx,
            add,
            dWeight,
            dBias);
  }
}
