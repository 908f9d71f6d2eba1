package dev.ashlar.formats.gguf.encode;

/**
 * Fits 256 elements as {@code d·sc·q − e·mn}: {@code d} and {@code e} shared by all in half
 * precision, a small whole {@code sc} and {@code mn} for each group.
 *
 * <p>Groups are fitted by themselves first. Then, in rounds, whole factors are chosen for the
 * shared floats, each group trying its neighbours with the error that really results, and the
 * floats are solved for given all factors and codes; the best round counts.
 */
final class OffsetSuperBlock {
  static final int SIZE = 256;
  private static final int ROUNDS = 3;

  private final float[] x;
  private final int from;
  private final float[] w;
  private final int group;
  private final int largest;
  private final int factors;

  private final float[] steps;
  private final float[] belows;
  private float d;
  private float e;
  private final int[] sc;
  private final int[] mn;
  private final int[] codes = new int[SIZE];

  /**
   * @param weights of the elements
   * @param group elements of a group
   * @param largest the largest code
   * @param factors the largest factor
   */
  OffsetSuperBlock(Row row, int from, float[] weights, int group, int largest, int factors) {
    this.x = row.values();
    this.from = from;
    this.w = weights;
    this.group = group;
    this.largest = largest;
    this.factors = factors;
    int groups = SIZE / group;
    this.steps = new float[groups];
    this.belows = new float[groups];
    this.sc = new int[groups];
    this.mn = new int[groups];
    float[] counts = new float[groups];
    OffsetFit fit = new OffsetFit(largest, false);
    for (int j = 0; j < groups; j++) {
      int at = from + j * group;
      fit.find(x, at, w, j * group, group, row.step(at), row.low(at));
      steps[j] = fit.step();
      belows[j] = -fit.low();
      for (int i = j * group; i < (j + 1) * group; i++) {
        counts[j] += w[i];
      }
    }
    search(UnsignedFit.base(steps, counts, factors), UnsignedFit.base(belows, counts, factors));
  }

  private void search(float firstStep, float firstBelow) {
    int[] bestSc = new int[sc.length];
    int[] bestMn = new int[sc.length];
    float bestD = 0;
    float bestE = 0;
    double best = Double.POSITIVE_INFINITY;
    d = Bytes.half(firstStep);
    e = Bytes.half(firstBelow);
    for (int round = 0; round < ROUNDS; round++) {
      double error = 0;
      for (int j = 0; j < sc.length; j++) {
        error += choose(j);
      }
      if (!(error < best)) {
        break;
      }
      best = error;
      bestD = d;
      bestE = e;
      System.arraycopy(sc, 0, bestSc, 0, sc.length);
      System.arraycopy(mn, 0, bestMn, 0, mn.length);
      solve();
    }
    d = bestD;
    e = bestE;
    System.arraycopy(bestSc, 0, sc, 0, sc.length);
    System.arraycopy(bestMn, 0, mn, 0, mn.length);
    for (int j = 0; j < sc.length; j++) {
      int at = j * group;
      OffsetFit.codes(x, from + at, group, d * sc[j], -(e * mn[j]), largest, codes, at);
    }
  }

  /** Chooses the factors of a group for the shared floats; returns the error. */
  private double choose(int j) {
    int middle = d == 0 ? 0 : SignedFit.nearest(steps[j] / d);
    int below = e == 0 ? 0 : Math.clamp(SignedFit.nearest(belows[j] / e), 0, factors);
    double best = Double.POSITIVE_INFINITY;
    for (int s = Math.max(0, middle - 1); s <= Math.min(factors, middle + 1); s++) {
      int m = below;
      double error = error(j, s, m);
      int better = e == 0 ? 0 : Math.clamp(SignedFit.nearest((float) (residue / e)), 0, factors);
      if (better != m) {
        double other = error(j, s, better);
        m = other < error ? better : m;
        error = Math.min(error, other);
      }
      if (error < best) {
        best = error;
        sc[j] = s;
        mn[j] = m;
      }
    }
    if (best == Double.POSITIVE_INFINITY) {
      // The largest step is beyond half precision's reach of whole factors.
      sc[j] = factors;
      mn[j] = below;
      best = error(j, factors, below);
    }
    return best;
  }

  /** What the weighted mean of {@code d·sc·q − x} was in the last call of {@link #error}. */
  private double residue;

  private double error(int j, int s, int m) {
    float step = d * s;
    float low = -(e * m);
    float inverse = step == 0 ? 0 : 1 / step;
    double error = 0;
    double sum = 0;
    double weights = 0;
    for (int i = j * group; i < (j + 1) * group; i++) {
      float value = x[from + i];
      int q = Math.clamp(SignedFit.nearest((value - low) * inverse), 0, largest);
      float above = step * q - value;
      float off = above + low;
      error += w[i] * off * off;
      sum += w[i] * above;
      weights += w[i];
    }
    residue = weights > 0 ? sum / weights : 0;
    return error;
  }

  /** The shared floats that suit the present factors and codes best. */
  private void solve() {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double xa = 0;
    double xb = 0;
    for (int j = 0; j < sc.length; j++) {
      int at = j * group;
      OffsetFit.codes(x, from + at, group, d * sc[j], -(e * mn[j]), largest, codes, at);
      for (int i = at; i < at + group; i++) {
        double a = (double) sc[j] * codes[i];
        double b = mn[j];
        double value = x[from + i];
        aa += w[i] * a * a;
        ab += w[i] * a * b;
        bb += w[i] * b * b;
        xa += w[i] * a * value;
        xb += w[i] * b * value;
      }
    }
    double determinant = aa * bb - ab * ab;
    if (determinant > 1e-12 * aa * bb) {
      double nextD = (bb * xa - ab * xb) / determinant;
      double nextE = (ab * xa - aa * xb) / determinant;
      if (nextD > 0 && nextE >= 0) {
        d = Bytes.half((float) nextD);
        e = Bytes.half((float) nextE);
      }
    } else if (aa > 0 && xa > 0 && bb == 0) {
      d = Bytes.half((float) (xa / aa));
    }
  }

  /** The float that steps are multiples of. */
  float d() {
    return d;
  }

  /** The float that minimums are multiples of. */
  float e() {
    return e;
  }

  /** The step of a group in whole numbers. */
  int scale(int j) {
    return sc[j];
  }

  /** The minimum of a group, turned round, in whole numbers. */
  int minimum(int j) {
    return mn[j];
  }

  /** The codes of all elements. */
  int[] codes() {
    return codes;
  }
}
