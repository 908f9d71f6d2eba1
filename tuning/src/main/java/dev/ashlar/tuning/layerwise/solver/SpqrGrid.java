package dev.ashlar.tuning.layerwise.solver;

/**
 * SpQR's grids (Dettmers et al., arXiv 2306.03078): from the least to the greatest weight, zero not
 * joined, with a fractional zero point. In double; the arrays of a caller receive what is found.
 */
final class SpqrGrid {
  private static final double SMALLEST = 1e-9;

  private final int most;
  private final boolean symmetric;
  private final boolean roundZero;

  double scale;
  double zero;

  SpqrGrid(int bits, boolean symmetric, boolean roundZero) {
    this.most = (1 << bits) - 1;
    this.symmetric = symmetric;
    this.roundZero = roundZero;
  }

  /** Fits the grid to all of {@code x[from, to)} but the element {@code without}. */
  void fit(double[] x, int from, int to, int without) {
    double lo = Double.POSITIVE_INFINITY;
    double hi = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      if (i != without) {
        lo = Math.min(lo, x[i]);
        hi = Math.max(hi, x[i]);
      }
    }
    if (symmetric) {
      hi = Math.max(Math.abs(lo), hi);
      lo = lo < 0 ? -hi : lo;
    }
    if (lo == hi) {
      lo = -1;
      hi = 1;
    }
    scale = (hi - lo) / most;
    zero = symmetric ? (most + 1) / 2 : -lo / scale;
    if (roundZero && !symmetric) {
      zero = Math.rint(zero);
    }
  }

  double code(double v) {
    return Math.clamp(Math.rint(v / Math.max(scale, SMALLEST) + zero), 0, most);
  }

  double value(double v) {
    return scale * (code(v) - zero);
  }
}
