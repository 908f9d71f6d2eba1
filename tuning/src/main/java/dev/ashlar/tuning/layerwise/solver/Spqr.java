package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.Codes;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Optional;

/**
 * SpQR for one layer (Dettmers et al., arXiv 2306.03078, algorithms 1 and 2): GPTQ's way through
 * the columns, with weights that would cause a large error kept as floats, and with scales and zero
 * points that are quantized themselves.
 *
 * <p>Outliers are stored as differences from what their codes, those of zero, stand for.
 */
public final class Spqr {
  private static final float SMALLEST = 1e-9f;

  private final int out;
  private final int in;
  private final IntegerGrid grid;
  private final SpqrOptions options;
  private final Gptq.Factor factor;
  private final Backend backend;
  private final int size;
  private final int groups;
  private final boolean half;

  /** Weights on their way and what outliers add, {@code [out, in]} in the factor's order. */
  private final float[] w;

  private final float[] extra;
  private final float[] errors;
  private final double tau;

  private final byte[] codes;
  private final float[] scales;
  private final float[] minimums;

  /** Zero points, which may lie between codes. */
  private final float[] zeros;

  private Spqr(
      Tensor original, Gptq.Factor factor, IntegerGrid grid, SpqrOptions options, Backend backend) {
    this.out = original.dim(0);
    this.in = original.dim(1);
    this.grid = grid;
    this.options = options;
    this.factor = factor;
    this.backend = backend;
    this.size = grid.effectiveGroup(in);
    this.groups = grid.groups(in);
    this.half = grid.scaleType() == DType.F16;
    this.w = ColumnOrder.ordered(Gptq.live(original, factor.dead()), factor.order());
    this.extra = new float[options.hasOutliers() ? w.length : 0];
    this.errors = new float[Math.multiplyExact(out, Gptq.BLOCK)];
    this.tau = options.hasOutliers() ? options.threshold() * meanError() : 0;
    this.codes = new byte[w.length];
    this.scales = new float[Math.multiplyExact(out, groups)];
    this.minimums = new float[scales.length];
    this.zeros = new float[scales.length];
  }

  /**
   * The factor of a layer's second moments, damped as SpQR does it: the mean of the diagonal is
   * taken with zeros for dead columns.
   *
   * @param moments A, normalised, in original order
   * @param order the original column at each position
   * @return empty if it cannot be factored
   */
  public static Optional<Gptq.Factor> factor(Symmetric moments, int[] order, double damp) {
    double add = damp * moments.meanDiagonal();
    boolean[] dead = new boolean[order.length];
    Symmetric a = moments.ordered(order);
    for (int i = 0; i < order.length; i++) {
      double own = a.rows()[i][i];
      dead[order[i]] = own == 0;
      a.rows()[i][i] = own == 0 ? 1 : own + add;
    }
    return Cholesky.inPlace(a).map(c -> new Gptq.Factor(order, dead, c.upperOfInverse(), damp, 0));
  }

  /**
   * The order that the options ask for.
   *
   * @param w {@code [out, in]}
   */
  public static int[] order(SpqrOptions options, Symmetric moments, Tensor w) {
    return switch (options.order()) {
      case IDENTITY -> ColumnOrder.natural(moments.dim());
      case ACT_ORDER -> ColumnOrder.descending(moments.diagonal());
      case SPEARMAN -> Spearman.order(w);
    };
  }

  /**
   * Quantizes a layer.
   *
   * @param w {@code [out, in]}, not changed
   * @param grid bits, groups and symmetry; scales are rounded to its type
   * @throws IllegalArgumentException if rows are no multiple of those that share a second grid
   */
  public static QuantizedMatrix solve(
      Tensor w, Gptq.Factor factor, IntegerGrid grid, SpqrOptions options, Backend backend) {
    if (!options.fits(w.dim(0))) {
      throw new IllegalArgumentException(
          "second grids of "
              + options.run()
              + " rows do not divide the "
              + w.dim(0)
              + " rows of a map; choose another qq_groupsize");
    }
    return new Spqr(w, factor, grid, options, backend).run();
  }

  private double diagonal(int position) {
    return factor.upper()[position * in + position];
  }

  /** The mean over columns of the variance of the weights over the squared diagonal of U. */
  private double meanError() {
    double sum = 0;
    for (int j = 0; j < in; j++) {
      double mean = 0;
      for (int o = 0; o < out; o++) {
        mean += w[o * in + j];
      }
      mean /= out;
      double squares = 0;
      for (int o = 0; o < out; o++) {
        squares += (w[o * in + j] - mean) * (w[o * in + j] - mean);
      }
      sum += squares / Math.max(1, out - 1) / (diagonal(j) * diagonal(j));
    }
    return sum / in;
  }

  private QuantizedMatrix run() {
    int rows = options.twoLevels() ? options.run() : Math.min(out, 8);
    for (int first = 0; first < in; first += Gptq.BLOCK) {
      int start = first;
      int end = Math.min(in, first + Gptq.BLOCK);
      float[][] upper = factor.square(first, end);
      Parallel.rows(
          Math.ceilDiv(out, rows),
          1,
          (a, b) -> {
            for (int t = a; t < b; t++) {
              rows(t * rows, Math.min(out, (t + 1) * rows), start, end, upper);
            }
          });
      factor.carry(errors, first, end, w, backend);
    }
    return matrix();
  }

  /** Columns {@code [first, end)} of rows {@code [from, to)}. */
  private void rows(int from, int to, int first, int end, float[][] upper) {
    float[] v = new float[end - first];
    double[] scale = new double[to - from];
    double[] zero = new double[to - from];
    for (int j = first; j < end; j++) {
      if (j % size == 0) {
        fit(from, to, j, scale, zero);
      }
      for (int o = from; o < to; o++) {
        column(o, j, upper[j - first][j - first]);
      }
      for (int o = from; o < to; o++) {
        System.arraycopy(w, o * in + first, v, 0, v.length);
        Gptq.Factor.spread(v, upper[j - first], -errors[o * Gptq.BLOCK + j - first], j - first + 1);
        System.arraycopy(v, 0, w, o * in + first, v.length);
      }
    }
  }

  /** Rounds one weight, or keeps it. */
  private void column(int o, int j, float diagonal) {
    int at = o * in + j;
    int g = o * groups + j / size;
    float weight = w[at];
    float code = code(weight, g);
    float error = (weight - value(code, g)) / diagonal;
    if (options.hasOutliers() && (double) error * error > tau) {
      code = code(0, g);
      float added = weight - value(code, g);
      added = half ? DType.F16.rounded(added) : added;
      extra[at] = added;
      error = (weight - (value(code, g) + added)) / diagonal;
    }
    codes[o * in + factor.order()[j]] = (byte) code;
    errors[o * Gptq.BLOCK + j % Gptq.BLOCK] = -error;
  }

  private float value(float code, int g) {
    return Math.fma(scales[g], code, minimums[g]);
  }

  private float code(float weight, int g) {
    // In float, in this order: what lies between two codes goes where the peer has it go.
    float steps = weight / Math.max(scales[g], SMALLEST) + zeros[g];
    return Math.clamp((float) Math.rint(steps), 0f, grid.maxCode());
  }

  /** The grids of the group that begins at position {@code j}, for rows {@code [from, to)}. */
  private void fit(int from, int to, int j, double[] scale, double[] zero) {
    int end = Math.min(in, j + size);
    double[] x = new double[end - j];
    SpqrGrid own = new SpqrGrid(grid.bits(), grid.symmetric(), options.roundZero());
    for (int o = from; o < to; o++) {
      for (int k = j; k < end; k++) {
        x[k - j] = w[o * in + k];
      }
      if (options.hasOutliers() && !options.simplified()) {
        replaceLikelyOutliers(x, j, own);
      }
      own.fit(x, 0, x.length, -1);
      scale[o - from] = own.scale;
      zero[o - from] = own.zero;
    }
    if (options.scaleBits() > 0) {
      secondLevel(scale, new SpqrGrid(options.scaleBits(), false, false));
    }
    boolean exact = options.roundZero() && options.zeroBits() >= grid.bits();
    if (options.zeroBits() > 0 && !exact) {
      secondLevel(zero, new SpqrGrid(options.zeroBits(), options.symmetricZeros(), false));
    }
    for (int o = from; o < to; o++) {
      int g = o * groups + j / size;
      scales[g] = stored(scale[o - from]);
      minimums[g] = stored(-scale[o - from] * zero[o - from]);
      zeros[g] = half ? -minimums[g] / Math.max(scales[g], SMALLEST) : (float) zero[o - from];
    }
  }

  private float stored(double x) {
    return half ? DType.F16.rounded((float) x) : (float) x;
  }

  /** Values of consecutive rows to the values of a grid of their own. */
  private static void secondLevel(double[] values, SpqrGrid second) {
    second.fit(values, 0, values.length, -1);
    for (int i = 0; i < values.length; i++) {
      values[i] = second.value(values[i]);
    }
  }

  /**
   * Weights without which the others of their group would be rounded much better become the mean of
   * those that are left.
   */
  private void replaceLikelyOutliers(double[] x, int first, SpqrGrid trial) {
    trial.fit(x, 0, x.length, -1);
    double base = error(x, first, -1, trial);
    boolean[] likely = new boolean[x.length];
    double sum = 0;
    int left = 0;
    for (int i = 0; i < x.length; i++) {
      trial.fit(x, 0, x.length, i);
      likely[i] = base - error(x, first, i, trial) > tau;
      if (!likely[i]) {
        sum += x[i];
        left++;
      }
    }
    for (int i = 0; i < x.length; i++) {
      if (likely[i]) {
        x[i] = left == 0 ? 0 : sum / left;
      }
    }
  }

  private double error(double[] x, int first, int without, SpqrGrid trial) {
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      if (k != without) {
        double e = (trial.value(x[k]) - x[k]) / diagonal(first + k);
        sum += e * e;
      }
    }
    return sum;
  }

  private QuantizedMatrix matrix() {
    QuantizedMatrix m =
        new QuantizedMatrix(
            out,
            in,
            new Codes.Integers(grid.bits(), codes),
            new Groups.Minimums(size, scales, minimums));
    int[] place = ColumnOrder.inverse(factor.order());
    boolean natural = true;
    int[] group = new int[in];
    for (int k = 0; k < in; k++) {
      group[k] = place[k] / size;
      natural &= group[k] == k / size;
    }
    QuantizedMatrix grouped = natural ? m : m.withGroupOfColumn(group);
    return options.hasOutliers() ? grouped.withOutliers(outliers(place)) : grouped;
  }

  private Outliers outliers(int[] place) {
    int count = 0;
    for (float x : extra) {
      count += x == 0 ? 0 : 1;
    }
    int[] start = new int[out + 1];
    int[] columns = new int[count];
    float[] values = new float[count];
    int at = 0;
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        float x = extra[o * in + place[k]];
        if (x != 0) {
          columns[at] = k;
          values[at++] = x;
        }
      }
      start[o + 1] = at;
    }
    return new Outliers.Entries(start, columns, values);
  }
}
