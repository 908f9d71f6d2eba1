package dev.ashlar.tensor.kernel.vector;

import static dev.ashlar.tensor.kernel.vector.VectorPackedCodes.ROWS;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.PackedKernel;
import dev.ashlar.tensor.quant.PackedMatrix;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedTensor;

/**
 * Products with packed weights on float activations. A few rows of activations (decoding) multiply
 * straight from the codes; more of them (a prompt) share panels of float weights that are expanded
 * block by block and never leave the first cache.
 *
 * <p>Lanes are rows of the weight, so nothing is ever summed across lanes: the order of every sum
 * is fixed by the shape alone, whatever the thread count, the vector width or the compiler's state.
 */
final class VectorPacked implements PackedKernel {
  /** Rows of activations up to which taking the codes apart again for each is faster. */
  private static final int DIRECT_ROWS = 2;

  /** Rows of activations that share an expanded panel; bounds the gathered copy. */
  private static final int CHUNK_ROWS = 42 * VectorPackedTile.ROWS;

  /** Multiplications worth handing to a thread: some microseconds. */
  private static final long GRAIN = 1 << 16;

  private final VectorPackedScratch.Pool pool = new VectorPackedScratch.Pool();

  @Override
  public PackedMatrix pack(QuantizedTensor tensor) {
    QuantScheme scheme = tensor.scheme();
    VectorPackedCodes codes = VectorPackedCodes.of(scheme.bits());
    VectorPackedColumns columns =
        VectorPackedColumns.of(
            tensor.in(),
            tensor.groups(),
            scheme.effectiveGroup(tensor.in()),
            tensor.groupOfColumn(),
            codes.columns());
    VectorPackedGroups groups =
        VectorPackedGroups.of(
            tensor.out(), tensor.groups(), codes.bits(), tensor.scales(), tensor.zeros());
    return new VectorPackedMatrix(
        tensor.out(), tensor.in(), tensor.codes(), codes, columns, groups);
  }

  @Override
  public void multiply(int m, float[] x, int xOff, PackedMatrix w, float[] y, int yOff) {
    if (!(w instanceof VectorPackedMatrix matrix)) {
      throw new IllegalArgumentException("packed by another backend: " + w);
    }
    require("x", m, matrix.in(), x.length - xOff);
    require("y", m, matrix.out(), y.length - yOff);
    VectorPackedScratch scratch = pool.borrow();
    try {
      if (m <= DIRECT_ROWS) {
        direct(m, x, xOff, matrix, y, yOff, scratch);
      } else {
        for (int r = 0; r < m; r += CHUNK_ROWS) {
          int rows = Math.min(CHUNK_ROWS, m - r);
          int xAt = xOff + r * matrix.in();
          panels(rows, x, xAt, matrix, y, yOff + r * matrix.out(), scratch);
        }
      }
    } finally {
      pool.giveBack(scratch);
    }
  }

  private static void require(String what, int m, int n, int length) {
    if ((long) m * n > length) {
      throw new IllegalArgumentException(
          what + ": needs [" + m + ", " + n + "], has " + length + " elements");
    }
  }

  private static int grain(int m, VectorPackedMatrix w) {
    return Math.clamp(GRAIN / ((long) m * w.in() * ROWS), 1, Integer.MAX_VALUE);
  }

  private void direct(
      int m,
      float[] x,
      int xOff,
      VectorPackedMatrix w,
      float[] y,
      int yOff,
      VectorPackedScratch scratch) {
    boolean own = w.columns().source() != null;
    float[] a = own ? gathered(m, x, xOff, w, scratch) : x;
    int aAt = own ? 0 : xOff;
    int groups = w.columns().groups();
    float[] sums = scratch.groupSums(m * groups);
    for (int r = 0; r < m; r++) {
      w.sumGroups(a, aAt + r * w.width(), sums, r * groups);
    }
    Parallel.rows(
        VectorPackedMatrix.blocks(w.out()),
        grain(m, w),
        (from, to) -> {
          VectorPackedScratch s = pool.borrow();
          for (int b = from; b < to; b++) {
            for (int r = 0; r < m; r++) {
              int yAt = yOff + r * w.out() + b * ROWS;
              w.multiply(b, a, aAt + r * w.width(), sums, r * groups, s, y, yAt);
            }
          }
          pool.giveBack(s);
        });
  }

  private static float[] gathered(
      int m, float[] x, int xOff, VectorPackedMatrix w, VectorPackedScratch scratch) {
    float[] a = scratch.columns(Math.multiplyExact(m, w.width()));
    Parallel.rows(
        m,
        16,
        (from, to) -> {
          for (int r = from; r < to; r++) {
            w.columns().gather(x, xOff + r * w.in(), a, r * w.width());
          }
        });
    return a;
  }

  private void panels(
      int m,
      float[] x,
      int xOff,
      VectorPackedMatrix w,
      float[] y,
      int yOff,
      VectorPackedScratch scratch) {
    boolean own = w.columns().source() != null;
    float[] a = own ? gathered(m, x, xOff, w, scratch) : x;
    int aAt = own ? 0 : xOff;
    Parallel.rows(
        VectorPackedMatrix.blocks(w.out()),
        grain(m, w),
        (from, to) -> {
          VectorPackedScratch s = pool.borrow();
          for (int b = from; b < to; b++) {
            block(b, m, a, aAt, w, y, yOff + b * ROWS, s);
          }
          pool.giveBack(s);
        });
  }

  private static void block(
      int block,
      int m,
      float[] a,
      int aAt,
      VectorPackedMatrix w,
      float[] y,
      int yAt,
      VectorPackedScratch scratch) {
    int width = w.width();
    for (int k = 0; k < width; k += VectorPackedTile.DEPTH) {
      int depth = Math.min(VectorPackedTile.DEPTH, width - k);
      w.expand(block, k, k + depth, scratch, scratch.panel());
      for (int r = 0; r < m; r += VectorPackedTile.ROWS) {
        int rows = Math.min(VectorPackedTile.ROWS, m - r);
        int at = aAt + r * width + k;
        int to = yAt + r * w.out();
        tile(rows, a, at, width, depth, w.rows(block), y, to, w.out(), k == 0, scratch);
      }
    }
  }

  private static void tile(
      int rows,
      float[] a,
      int aAt,
      int lda,
      int depth,
      int lanes,
      float[] y,
      int yAt,
      int ldy,
      boolean first,
      VectorPackedScratch scratch) {
    float[] panel = scratch.panel();
    if (rows == VectorPackedTile.ROWS && lanes == ROWS) {
      VectorPackedTile.six(rows, a, aAt, lda, panel, depth, y, yAt, ldy, first);
      return;
    }
    float[] edge = scratch.tile();
    if (rows > VectorPackedTile.ROWS / 2) {
      VectorPackedTile.six(rows, a, aAt, lda, panel, depth, edge, 0, ROWS, true);
    } else {
      VectorPackedTile.three(rows, a, aAt, lda, panel, depth, edge, 0, ROWS, true);
    }
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < lanes; i++) {
        int at = yAt + r * ldy + i;
        y[at] = first ? edge[r * ROWS + i] : y[at] + edge[r * ROWS + i];
      }
    }
  }
}
