package dev.ashlar.tuning.layerwise.solver;

/**
 * Multiples of rows added to rows, in double. All arrays of a loop go by one index, which is what
 * the compiler needs to see in order to use vectors.
 */
final class RowUpdates {
  private RowUpdates() {}

  /** {@code c += a·b} for indices {@code [from, to)}. */
  static void add(double[] c, double a, double[] b, int from, int to) {
    for (int j = from; j < to; j++) {
      c[j] = Math.fma(a, b[j], c[j]);
    }
  }

  /** {@code c = a·c}. */
  static void scale(double[] c, double a, int from, int to) {
    for (int j = from; j < to; j++) {
      c[j] *= a;
    }
  }

  /** {@code c += a0·b0 + … + a3·b3}, one after the other. */
  static void add(
      double[] c,
      double a0,
      double a1,
      double a2,
      double a3,
      double[] b0,
      double[] b1,
      double[] b2,
      double[] b3,
      int from,
      int to) {
    for (int j = from; j < to; j++) {
      c[j] =
          Math.fma(a3, b3[j], Math.fma(a2, b2[j], Math.fma(a1, b1[j], Math.fma(a0, b0[j], c[j]))));
    }
  }

  /** The same for two rows that take multiples of the same four. */
  static void add(
      double[] c,
      double[] d,
      double a0,
      double a1,
      double a2,
      double a3,
      double e0,
      double e1,
      double e2,
      double e3,
      double[] b0,
      double[] b1,
      double[] b2,
      double[] b3,
      int from,
      int to) {
    for (int j = from; j < to; j++) {
      c[j] =
          Math.fma(a3, b3[j], Math.fma(a2, b2[j], Math.fma(a1, b1[j], Math.fma(a0, b0[j], c[j]))));
      d[j] =
          Math.fma(e3, b3[j], Math.fma(e2, b2[j], Math.fma(e1, b1[j], Math.fma(e0, b0[j], d[j]))));
    }
  }
}
