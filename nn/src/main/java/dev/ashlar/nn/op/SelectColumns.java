package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.List;

/**
 * Column {@code i} of every output row is column {@code columns[i]} of the input row; columns may
 * repeat. Whole heads are faster through {@link SelectChunks}.
 *
 * @param columns not copied
 */
public record SelectColumns(Tensor x, int[] columns) implements Op {
  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    long[] dims = x.shape().toArray();
    dims[dims.length - 1] = columns.length;
    Tensor y = tape.workspace().take(dims);
    int in = x.dim(-1);
    int at = 0;
    for (int r = 0; r < x.rows(); r++) {
      for (int column : columns) {
        y.data()[at++] = x.data()[r * in + column];
      }
    }
    return y;
  }

  @Override
  public void backward(Tensor y, Tensor dy, Gradients g) {
    g.add(
        x,
        (dx, add) -> {
          if (!add) {
            Arrays.fill(dx.data(), 0, dx.size(), 0f);
          }
          int in = x.dim(-1);
          int at = 0;
          for (int r = 0; r < x.rows(); r++) {
            for (int column : columns) {
              dx.data()[r * in + column] += dy.data()[at++];
            }
          }
        });
  }
}
