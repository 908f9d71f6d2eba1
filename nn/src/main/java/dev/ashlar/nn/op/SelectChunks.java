package dev.ashlar.nn.op;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ElementwiseKernel;
import java.util.Arrays;
import java.util.List;

/**
 * Columns of a fused projection: chunk {@code i} of every output row is chunk {@code chunks[i]} of
 * the input row, chunks being {@code size} columns each.
 *
 * @param x {@code [.., n·size]}
 * @param chunks which chunks, without repetition; not copied
 */
public record SelectChunks(Tensor x, int size, int[] chunks) implements Op {
  public SelectChunks {
    if (x.dim(-1) % size != 0) {
      throw new IllegalArgumentException("chunks of " + size + " in rows of " + x.shape());
    }
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(x);
  }

  @Override
  public Tensor forward(Tape tape) {
    long[] dims = x.shape().toArray();
    dims[dims.length - 1] = (long) size * chunks.length;
    Tensor y = tape.workspace().take(dims);
    int in = x.dim(-1);
    int out = y.dim(-1);
    for (int r = 0; r < x.rows(); r++) {
      for (int i = 0; i < chunks.length; i++) {
        System.arraycopy(x.data(), r * in + chunks[i] * size, y.data(), r * out + i * size, size);
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
          ElementwiseKernel kernel = g.backend().elementwise();
          int in = x.dim(-1);
          int out = y.dim(-1);
          for (int r = 0; r < x.rows(); r++) {
            for (int i = 0; i < chunks.length; i++) {
              int from = r * out + i * size;
              kernel.copy(size, dy.data(), from, dx.data(), r * in + chunks[i] * size, true);
            }
          }
        });
  }
}
