package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;

/**
 * A product straight from the codes, block by block. One object serves product after product: a
 * decode step has hundreds of them, and allocates for none.
 */
final class VectorPackedDirect implements Parallel.Body {
  private final VectorPackedOperand operand = new VectorPackedOperand();
  private VectorPackedScratch.Pool pool;
  private int m;
  private VectorPackedMatrix w;
  private float[] y;
  private int yOff;

  /** {@code y[m, out] = x[m, in] · wᵀ}. */
  void multiply(
      VectorPackedScratch.Pool pool,
      int m,
      float[] x,
      int xOff,
      VectorPackedMatrix w,
      ActivationPrecision activations,
      float[] y,
      int yOff) {
    this.pool = pool;
    this.m = m;
    this.w = w;
    this.y = y;
    this.yOff = yOff;
    try {
      operand.take(m, x, xOff, w, activations);
      int blocks = VectorPackedMatrix.blocks(w.out());
      Parallel.rows(blocks, VectorPacked.grain((long) m * w.in() * ROWS), this);
    } finally {
      // Nothing of the caller's is kept alive between products.
      operand.release();
      this.w = null;
      this.y = null;
    }
  }

  @Override
  public void run(int from, int to) {
    VectorPackedScratch own = pool.borrow();
    for (int b = from; b < to; b++) {
      for (int r = 0; r < m; r += VectorPackedMatrix.DIRECT) {
        int rows = Math.min(VectorPackedMatrix.DIRECT, m - r);
        w.multiply(b, rows, operand, r, own, y, yOff + r * w.out() + b * ROWS);
      }
    }
    pool.giveBack(own);
  }
}
