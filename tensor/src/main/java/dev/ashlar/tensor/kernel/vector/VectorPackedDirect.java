package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.ROWS;

import dev.ashlar.tensor.Parallel;

/**
 * A product straight from the codes, block by block. One object serves product after product: a
 * decode step has hundreds of them, and allocates for none.
 */
final class VectorPackedDirect implements Parallel.Body {
  private VectorPackedScratch.Pool pool;
  private int m;
  private float[] x;
  private int xAt;
  private VectorPackedMatrix w;
  private float[] sums;
  private float[] y;
  private int yOff;

  /**
   * {@code y[m, out] = x[m, width] · wᵀ}.
   *
   * @param x activations in the matrix's own order, from {@code xAt}
   * @param sums their sums by group, {@code [m, groups]}
   */
  void multiply(
      VectorPackedScratch.Pool pool,
      int m,
      float[] x,
      int xAt,
      VectorPackedMatrix w,
      float[] sums,
      float[] y,
      int yOff) {
    this.pool = pool;
    this.m = m;
    this.x = x;
    this.xAt = xAt;
    this.w = w;
    this.sums = sums;
    this.y = y;
    this.yOff = yOff;
    try {
      int blocks = VectorPackedMatrix.blocks(w.out());
      Parallel.rows(blocks, VectorPacked.grain((long) m * w.in() * ROWS), this);
    } finally {
      // Nothing of the caller's is kept alive between products.
      this.x = null;
      this.w = null;
      this.y = null;
    }
  }

  @Override
  public void run(int from, int to) {
    VectorPackedScratch own = pool.borrow();
    int groups = w.columns().groups();
    for (int b = from; b < to; b++) {
      for (int r = 0; r < m; r += VectorPackedMatrix.DIRECT) {
        int rows = Math.min(VectorPackedMatrix.DIRECT, m - r);
        int yAt = yOff + r * w.out() + b * ROWS;
        w.multiply(b, rows, x, xAt + r * w.width(), sums, r * groups, own, y, yAt);
      }
    }
    pool.giveBack(own);
  }
}
