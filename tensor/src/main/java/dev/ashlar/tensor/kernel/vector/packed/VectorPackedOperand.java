package dev.ashlar.tensor.kernel.vector.packed;

import dev.ashlar.tensor.kernel.ActivationPrecision;

/**
 * Rows of activations as a product straight from the codes reads them: in the matrix's own order of
 * columns, as floats or rounded to bytes, and their sums by group.
 */
final class VectorPackedOperand {
  private boolean bytes;
  private float[] x;
  private int xAt;
  private float[] gathered = {};
  private float[] sums = {};
  private int[] codes = {};
  private int[] pairs = {};
  private float[] steps = {};
  private float[] scaled = {};

  /** Whether {@link #pairs} and {@link #steps} are filled, and {@link #scaled} is not. */
  boolean bytes() {
    return bytes;
  }

  /** Floats {@code [m, width]} from {@link #floatsAt}; rounded ones if they are no bytes. */
  float[] floats() {
    return x;
  }

  int floatsAt() {
    return xAt;
  }

  /** The same, from index 0, as {@link VectorPackedCodes#scale} leaves them. */
  float[] scaled() {
    return scaled;
  }

  /** Sums of the activations, {@code [m, groups]}: what minimums and zero points multiply. */
  float[] sums() {
    return sums;
  }

  /** ActivationPrecision as {@link VectorPackedRounding#pair} makes them, {@code [m, width]}. */
  int[] pairs() {
    return pairs;
  }

  /** What a byte counts, {@code [m, groups]}. */
  float[] steps() {
    return steps;
  }

  /** Takes {@code m} rows for a product with {@code w}. */
  void take(
      int m, float[] from, int fromAt, VectorPackedMatrix w, ActivationPrecision activations) {
    int groups = w.columns().groups();
    x = from;
    xAt = fromAt;
    boolean rounds = w.rounds(activations);
    bytes = rounds && w.multipliesIntegers();
    boolean roundsFloats = rounds && !bytes;
    if (roundsFloats || w.columns().source() != null) {
      gather(m, w);
    }
    if (roundsFloats) {
      for (int r = 0; r < m; r++) {
        w.round(x, xAt + r * w.width(), activations.byToken());
      }
    }
    if (sums.length < m * groups) {
      sums = new float[m * groups];
      steps = new float[m * groups];
    }
    if (bytes) {
      round(m, w, activations.byToken());
    } else {
      scale(m, w);
    }
  }

  /** Nothing of the caller's is kept alive between products. */
  void release() {
    x = null;
  }

  /** Copies the rows: their order is another one, or they are rounded and stay the caller's. */
  private void gather(int m, VectorPackedMatrix w) {
    int size = Math.multiplyExact(m, w.width());
    if (gathered.length < size) {
      gathered = new float[size];
    }
    for (int r = 0; r < m; r++) {
      w.gather(x, xAt + r * w.in(), gathered, r * w.width());
    }
    x = gathered;
    xAt = 0;
  }

  private void scale(int m, VectorPackedMatrix w) {
    int width = w.width();
    int size = Math.multiplyExact(m, width);
    if (scaled.length < size) {
      scaled = new float[size];
    }
    for (int r = 0; r < m; r++) {
      w.sumGroups(x, xAt + r * width, sums, r * w.columns().groups());
      w.codes().scale(x, xAt + r * width, width, scaled, r * width);
    }
  }

  private void round(int m, VectorPackedMatrix w, boolean byToken) {
    int width = w.width();
    if (codes.length < VectorPackedRounding.codesSize(width)) {
      codes = new int[VectorPackedRounding.codesSize(width)];
    }
    if (pairs.length < VectorPackedRounding.pairsSize(m, width)) {
      pairs = new int[VectorPackedRounding.pairsSize(m, width)];
    }
    int[] start = w.columns().start();
    int unit = w.codes().columns();
    int groups = w.columns().groups();
    for (int r = 0; r < m; r++) {
      int row = xAt + r * width;
      float shared = byToken ? VectorPackedRounding.step(x, row, width) : 0;
      for (int g = 0; g < groups; g++) {
        int k = start[g] * unit;
        int size = (start[g + 1] - start[g]) * unit;
        float step = byToken ? shared : VectorPackedRounding.step(x, row + k, size);
        int sum = VectorPackedRounding.codes(x, row + k, size, step, codes, k);
        steps[r * groups + g] = step;
        sums[r * groups + g] = step * sum;
      }
      VectorPackedRounding.pair(codes, width, unit, w.codes().bits(), pairs, r * width);
    }
  }
}
