package dev.ashlar.tensor.kernel.vector.packed;

import static dev.ashlar.tensor.kernel.vector.packed.VectorPackedCodes.ROWS;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.vector.dense.Panels;
import dev.ashlar.tensor.kernel.vector.dense.RegisterTile;
import dev.ashlar.tensor.kernel.vector.lanes.Lanes;

/**
 * A product of many rows of activations: the activations are packed in strips once, and each panel
 * of weights is expanded to floats piece by piece on its way into the register tile.
 */
final class VectorPackedPanels {
  /** Columns of an expanded piece, which stays in the near caches while all strips pass. */
  static final int DEPTH = 256;

  /** Floats of activations packed at once. */
  private static final int MAX_STRIPS = 1 << 20;

  /** Rows that share an expanded panel at least, so that expanding stays a small part. */
  private static final int MIN_ROWS = 16 * Lanes.TILE_ROWS;

  /** Blocks side by side in a panel. */
  private static final int BLOCKS = Lanes.PANEL / ROWS;

  private final VectorPackedMatrix w;
  private final boolean rounds;
  private final boolean byToken;
  private final VectorPackedScratch.Pool pool;

  VectorPackedPanels(
      VectorPackedMatrix w, ActivationPrecision activations, VectorPackedScratch.Pool pool) {
    this.w = w;
    this.rounds = w.rounds(activations);
    this.byToken = activations.byToken();
    this.pool = pool;
  }

  /**
   * {@code y[m, out] = x[m, in] · wᵀ}.
   *
   * @param scratch the caller's, for the strips
   */
  void multiply(int m, float[] x, int xOff, float[] y, int yOff, VectorPackedScratch scratch) {
    int rowSize = Math.max(1, w.width() * Lanes.STRIP / Lanes.TILE_ROWS);
    int fit = MAX_STRIPS / rowSize / Lanes.TILE_ROWS * Lanes.TILE_ROWS;
    int chunk = Math.max(MIN_ROWS, fit);
    for (int r = 0; r < m; r += chunk) {
      int rows = Math.min(chunk, m - r);
      chunk(rows, x, xOff + r * w.in(), y, yOff + r * w.out(), scratch);
    }
  }

  private void chunk(int m, float[] x, int xOff, float[] y, int yOff, VectorPackedScratch scratch) {
    int count = Math.ceilDiv(m, Lanes.TILE_ROWS);
    int size = Math.multiplyExact(w.width(), Lanes.STRIP);
    float[] strips = scratch.strips(Math.multiplyExact(count, size));
    Parallel.rows(
        count,
        VectorPacked.grain(8L * size),
        (from, to) -> {
          VectorPackedScratch own = pool.borrow();
          for (int s = from; s < to; s++) {
            int row = s * Lanes.TILE_ROWS;
            int rows = Math.min(Lanes.TILE_ROWS, m - row);
            pack(rows, x, xOff + row * w.in(), strips, s * size, own);
          }
          pool.giveBack(own);
        });
    Parallel.rows(
        Math.ceilDiv(w.out(), Lanes.PANEL),
        VectorPacked.grain((long) m * w.width() * Lanes.PANEL),
        (from, to) -> {
          VectorPackedScratch own = pool.borrow();
          for (int p = from; p < to; p++) {
            panel(p, m, strips, y, yOff + p * Lanes.PANEL, own);
          }
          pool.giveBack(own);
        });
  }

  private void pack(
      int rows, float[] x, int xAt, float[] strips, int stripAt, VectorPackedScratch scratch) {
    int width = w.width();
    if (w.columns().source() == null && !rounds) {
      Panels.stripFromRows(rows, width, x, xAt, width, strips, stripAt);
      return;
    }
    float[] own = scratch.columns(Lanes.TILE_ROWS * width);
    for (int r = 0; r < rows; r++) {
      w.gather(x, xAt + r * w.in(), own, r * width);
      if (rounds) {
        w.round(own, r * width, byToken);
      }
    }
    Panels.stripFromRows(rows, width, own, 0, width, strips, stripAt);
  }

  private void panel(int p, int m, float[] strips, float[] y, int yAt, VectorPackedScratch own) {
    int width = w.width();
    int columns = Math.min(Lanes.PANEL, w.out() - p * Lanes.PANEL);
    int blocks = Math.ceilDiv(columns, ROWS);
    for (int k = 0; k < width; k += DEPTH) {
      int depth = Math.min(DEPTH, width - k);
      for (int b = 0; b < blocks; b++) {
        w.expand(p * BLOCKS + b, k, k + depth, own.affine(), own.panel(), b * ROWS);
      }
      for (int r = 0; r < m; r += Lanes.TILE_ROWS) {
        RegisterTile.multiply(
            Math.min(Lanes.TILE_ROWS, m - r),
            columns,
            depth,
            strips,
            (r / Lanes.TILE_ROWS * width + k) * Lanes.STRIP,
            own.panel(),
            0,
            y,
            yAt + r * w.out(),
            w.out(),
            k > 0,
            own.spare());
      }
    }
  }
}
