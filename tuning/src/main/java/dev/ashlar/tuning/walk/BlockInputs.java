package dev.ashlar.tuning.walk;

import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;

/**
 * What flows into each block of one batch, and out of the last, for the way back through them:
 * copies in buffers that are used again for batches of the same shape. Not thread-safe.
 */
public final class BlockInputs {
  private final Tensor[] states;

  /** Nothing kept yet of so many blocks. */
  public BlockInputs(int blocks) {
    this.states = new Tensor[blocks + 1];
  }

  /**
   * Copies what flows into block {@code i}; their number stands for what flows out of the last.
   *
   * @param x {@code [batch, length, dim]}
   * @return the copy {@code [batch, length, dim]}, valid until the next is kept there
   */
  public Tensor keep(int i, Tensor x, int batch, int length) {
    Shape shape = Shape.of(batch, length, x.dim(-1));
    if (states[i] == null || !states[i].shape().equals(shape)) {
      states[i] = Tensor.zeros(shape);
    }
    System.arraycopy(x.data(), 0, states[i].data(), 0, states[i].size());
    return states[i];
  }

  /** What flowed into block {@code i}, as it is kept. */
  public Tensor get(int i) {
    return states[i];
  }

  /** What flowed out of the last block. */
  public Tensor last() {
    return states[states.length - 1];
  }
}
