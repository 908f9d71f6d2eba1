package dev.ashlar.nn.op;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.CostlyOp;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.Workspace;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.List;

/**
 * {@code y = x·wᵀ} with a quantized {@code w [out, in]} to which no gradient flows. Its floats are
 * in a buffer of the tape's from the forward on, or from the backward on where the forward's result
 * was remembered.
 */
public final class CodedMatMul implements CostlyOp {
  private static final int GRAIN = 8;

  private final Tensor x;
  private final QuantizedMatrix w;
  private Tensor floats;

  /**
   * @param x {@code [.., in]}
   */
  public CodedMatMul(Tensor x, QuantizedMatrix w) {
    if (x.dim(-1) != w.in()) {
      throw new IllegalArgumentException(
          "x·wᵀ needs equal inner dimensions: x " + x.shape() + ", w " + w);
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
    int in = w.in();
    int out = w.out();
    Tensor y = tape.workspace().take(x.shape().withLast(out));
    int mark = tape.mark();
    floats = floats(tape.workspace());
    float[] values = floats.data();
    tape.backend()
        .matMul()
        .xwt(x.rows(), out, in, x.data(), 0, in, values, 0, in, y.data(), 0, out, false);
    if (!tape.isRecording()) {
      tape.release(mark, null);
    }
    return y;
  }

  private Tensor floats(Workspace workspace) {
    int in = w.in();
    Tensor made = workspace.take(w.out(), in);
    float[] values = made.data();
    Parallel.rows(
        w.out(),
        GRAIN,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            w.readRow(o, values, o * in);
            int row = o;
            w.outliers().ifPresent(extra -> extra.addTo(row, values, row * in));
          }
        });
    return made;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    if (!g.wants(x)) {
      return;
    }
    if (floats == null) {
      floats = floats(g.workspace());
    }
    int in = w.in();
    int out = w.out();
    g.add(
        x,
        (dx, add) ->
            g.backend()
                .matMul()
                .xw(
                    x.rows(),
                    in,
                    out,
                    dy.data(),
                    0,
                    out,
                    floats.data(),
                    0,
                    in,
                    dx.data(),
                    0,
                    in,
                    add));
  }
}
