package dev.ashlar.formats.gguf.encode;

/**
 * The step {@code s} of either sign for which {@code x ≈ s·q} with whole {@code q} from {@code
 * −zero} to {@code zero − 1} has a small weighted square error.
 *
 * <p>For given codes the best step is {@code Σwxq / Σwq²}, and what it takes off the error is
 * {@code (Σwxq)² / Σwq²}. Codes are those of steps around the one that gives the extreme value the
 * extreme code, with either sign; then codes and step are bettered in turn.
 */
final class SignedFit {
  private static final int TRIES = 9;
  private static final float BETWEEN = 0.1f;
  private static final int ROUNDS = 4;

  /** Grids so coarse that it matters on which side the longer half is. */
  private static final int COARSE = 8;

  private SignedFit() {}

  /** The nearest whole number. */
  static int nearest(float x) {
    return (int) Math.floor(x + 0.5f);
  }

  /**
   * Finds a step; 0 if all values are.
   *
   * @param w weights from {@code at} on
   * @param known a step that values lie on multiples of, or 0
   */
  static float step(float[] x, int from, float[] w, int at, int n, int zero, float known) {
    float extreme = 0;
    for (int i = from; i < from + n; i++) {
      extreme = Math.abs(x[i]) > Math.abs(extreme) ? x[i] : extreme;
    }
    if (Math.abs(extreme) < Float.MIN_NORMAL) {
      return 0;
    }
    double[] best = {0, -1};
    for (int k = -TRIES; k <= TRIES; k++) {
      consider(x, from, w, at, n, zero, -(zero + BETWEEN * k) / extreme, best);
      if (zero <= COARSE) {
        consider(x, from, w, at, n, zero, (zero - 1 + BETWEEN * k) / extreme, best);
      }
    }
    if (known != 0) {
      consider(x, from, w, at, n, zero, 1 / known, best);
      consider(x, from, w, at, n, zero, -1 / known, best);
    }
    for (int round = 0; round < ROUNDS && best[0] != 0; round++) {
      double before = best[1];
      consider(x, from, w, at, n, zero, (float) (1 / best[0]), best);
      if (best[1] <= before) {
        break;
      }
    }
    return (float) best[0];
  }

  /** Keeps in {@code best} the better of it and the step for these codes: step, gain. */
  private static void consider(
      float[] x, int from, float[] w, int at, int n, int zero, float inverse, double[] best) {
    double xq = 0;
    double qq = 0;
    for (int i = 0; i < n; i++) {
      int q = Math.clamp(nearest(x[from + i] * inverse), -zero, zero - 1);
      float wq = w[at + i] * q;
      xq += wq * x[from + i];
      qq += wq * q;
    }
    if (qq > 0 && xq * xq > best[1] * qq) {
      best[0] = xq / qq;
      best[1] = xq * xq / qq;
    }
  }

  /** The codes of a step, counted from zero up. */
  static void codes(float[] x, int from, int n, float step, int zero, int[] codes, int at) {
    float inverse = step == 0 ? 0 : 1 / step;
    for (int i = 0; i < n; i++) {
      codes[at + i] = Math.clamp(nearest(x[from + i] * inverse), -zero, zero - 1) + zero;
    }
  }

  /** The weighted square error of a step. */
  static double error(float[] x, int from, float[] w, int at, int n, float step, int zero) {
    float inverse = step == 0 ? 0 : 1 / step;
    double error = 0;
    for (int i = 0; i < n; i++) {
      int q = Math.clamp(nearest(x[from + i] * inverse), -zero, zero - 1);
      float e = x[from + i] - step * q;
      error += w[at + i] * e * e;
    }
    return error;
  }
}
