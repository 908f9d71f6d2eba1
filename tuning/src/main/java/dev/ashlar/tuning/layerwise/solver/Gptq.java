package dev.ashlar.tuning.layerwise.solver;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.Arrays;
import java.util.Optional;

/**
 * GPTQ for one layer (Frantar et al., arXiv 2210.17323, algorithm 1): columns are rounded one after
 * the other, and each error is made up for by the columns that are left.
 *
 * <p>{@link #factor} is the part that depends on the inputs alone, which layers with one input
 * share; {@link #solve} the part that depends on the weights. Rows are independent. Columns whose
 * input was never other than zero are dead: they decode to zero.
 */
public final class Gptq {
  /** Columns of a block. Grids found on the way depend on it, so it is the peers'. */
  static final int BLOCK = 128;

  private static final int GRAIN = 8;

  /** How often, and from which share of the largest diagonal element on, a floor is tried. */
  private static final int FLOORS = 6;

  private static final double FIRST_FLOOR = 1e-6;

  private Gptq() {}

  /**
   * What GPTQ knows of a layer's inputs.
   *
   * @param order the original column at each position, {@code [in]}
   * @param dead by original column, {@code [in]}
   * @param upper U with {@code (A + damping)⁻¹ = UᵀU} in that order, {@code [in, in]}
   * @param damp the share of the mean diagonal that was added
   * @param floor what was added to the diagonal beside that
   */
  public record Factor(int[] order, boolean[] dead, float[] upper, double damp, double floor) {
    /**
     * The block of U on the diagonal at {@code [first, end)}, by rows from its own first column.
     */
    float[][] square(int first, int end) {
      int in = order.length;
      float[][] square = new float[end - first][];
      for (int j = first; j < end; j++) {
        square[j - first] = Arrays.copyOfRange(upper, j * in + first, j * in + end);
      }
      return square;
    }

    /**
     * What the errors of the block {@code [first, end)} do to all columns behind it.
     *
     * @param errors negated, {@code [out, BLOCK]}
     * @param w {@code [out, in]} in the order of the factor
     */
    void carry(float[] errors, int first, int end, float[] w, Backend backend) {
      int in = order.length;
      if (end < in) {
        int out = w.length / in;
        MatMulKernel kernel = backend.matMul();
        int from = first * in + end;
        kernel.xw(out, in - end, end - first, errors, 0, BLOCK, upper, from, in, w, end, in, true);
      }
    }

    /**
     * What the error of a column does to those behind it in its block.
     *
     * @param v the block's weights of a row
     * @param row of the {@link #square}, the column's
     * @param from the next column
     */
    static void spread(float[] v, float[] row, float error, int from) {
      for (int k = from; k < v.length; k++) {
        v[k] -= error * row[k];
      }
    }
  }

  /**
   * A solved layer.
   *
   * @param matrix the codes
   * @param loss half the sum of the squared errors, each over its column's diagonal of U: half of
   *     {@code tr((W−Ŵ)A(W−Ŵ)ᵀ)} but for damping and clipping
   */
  public record Solution(QuantizedMatrix matrix, double loss) {}

  /**
   * The factor of a layer's second moments.
   *
   * @param moments A, in original order, not changed: {@link SecondMoments#normalised} for the
   *     peers' results. Its scale matters only where there are dead columns, which count as ones in
   *     the mean diagonal
   * @param grid whose groups the order keeps together, if it is {@code GROUP_AWARE}
   * @return empty if it could not be factored with any damping
   */
  public static Optional<Factor> factor(Symmetric moments, IntegerGrid grid, GptqOptions options) {
    int n = moments.dim();
    double[] diagonal = moments.diagonal();
    boolean[] dead = new boolean[n];
    for (int i = 0; i < n; i++) {
      dead[i] = diagonal[i] == 0;
      diagonal[i] = dead[i] ? 1 : diagonal[i];
    }
    int[] order =
        switch (options.order()) {
          case NATURAL -> ColumnOrder.natural(n);
          case ACTIVATION -> ColumnOrder.descending(diagonal);
          case GROUP_AWARE -> ColumnOrder.groupAware(diagonal, grid.effectiveGroup(n));
        };
    return factor(moments, order, dead, options);
  }

  /** The same in an order of the caller's; that of the options does not count. */
  public static Optional<Factor> factor(
      Symmetric moments, int[] order, boolean[] dead, GptqOptions options) {
    Damping damping = new Damping(moments, order, dead);
    double damp = options.damp();
    do {
      Optional<Factor> found = damping.attempt(damp, 0);
      if (found.isPresent()) {
        return found;
      }
      damp += options.dampIncrement();
    } while (options.dampIncrement() > 0 && damp < 1);
    for (int i = 0; i < FLOORS; i++) {
      Optional<Factor> found =
          damping.attempt(options.damp(), FIRST_FLOOR * Math.pow(10, i) * damping.largest());
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Moments with ones for dead columns, and attempts to factor them. */
  private record Damping(Symmetric moments, int[] order, boolean[] dead) {
    private double diagonal(int column) {
      return dead[column] ? 1 : moments.at(column, column);
    }

    double largest() {
      double largest = 0;
      for (int column : order) {
        largest = Math.max(largest, Math.abs(diagonal(column)));
      }
      return largest;
    }

    Optional<Factor> attempt(double damp, double floor) {
      double mean = 0;
      for (int column : order) {
        mean += diagonal(column) / order.length;
      }
      Symmetric a = moments.ordered(order);
      for (int i = 0; i < order.length; i++) {
        a.rows()[i][i] = diagonal(order[i]) + damp * mean + floor;
      }
      return Cholesky.inPlace(a).map(c -> new Factor(order, dead, c.upperOfInverse(), damp, floor));
    }
  }

  /**
   * Quantizes a layer on grids that are fitted on the way, or beforehand if the options say so.
   *
   * @param w {@code [out, in]}, not changed
   */
  public static Solution solve(
      Tensor w, Factor factor, GridFit fit, GptqOptions options, Backend backend) {
    Tensor live = live(w, factor.dead);
    if (options.staticGroups()) {
      Grids grids = Grids.of(live, fit);
      return new Pass(live, factor, grids, Optional.empty(), false, backend).run();
    }
    if (fit.grid().groupSize() < 0) {
      return new Pass(live, factor, Grids.of(w, fit), Optional.empty(), false, backend).run();
    }
    Grids grids = Grids.empty(w.dim(0), w.dim(1), fit.grid());
    if (options.order() != GptqOptions.Order.GROUP_AWARE) {
      int[] place = ColumnOrder.inverse(factor.order);
      int size = fit.grid().effectiveGroup(w.dim(1));
      Arrays.setAll(grids.groupOfColumn(), k -> place[k] / size);
    }
    return new Pass(live, factor, grids, Optional.of(fit), options.fresh(), backend).run();
  }

  /**
   * Quantizes a layer on given grids.
   *
   * @param w {@code [out, in]}, not changed
   * @param grids not changed; shared with the result
   */
  public static Solution solve(Tensor w, Factor factor, Grids grids, Backend backend) {
    return new Pass(live(w, factor.dead), factor, grids, Optional.empty(), false, backend).run();
  }

  /** The weights with zeros in dead columns. */
  static Tensor live(Tensor w, boolean[] dead) {
    float[] live = Arrays.copyOf(w.data(), w.size());
    int in = dead.length;
    for (int k = 0; k < in; k++) {
      for (int i = k; dead[k] && i < live.length; i += in) {
        live[i] = 0;
      }
    }
    return Tensor.of(live, w.dim(0), in);
  }

  /** One layer on its way: weights in the order of the factor. */
  private static final class Pass {
    private final int out;
    private final int in;
    private final Factor factor;
    private final Grids grids;
    private final Optional<GridFit> fit;
    private final boolean fresh;
    private final Backend backend;
    private final float[] w;

    /** Negated errors of a block, {@code [out, BLOCK]}. */
    private final float[] errors;

    private final byte[] codes;
    private final double[] losses;

    /** Group of each position. */
    private final int[] group;

    Pass(
        Tensor original,
        Factor factor,
        Grids grids,
        Optional<GridFit> fit,
        boolean fresh,
        Backend backend) {
      this.in = factor.order.length;
      this.out = original.dim(0);
      this.factor = factor;
      this.grids = grids;
      this.fit = fit;
      this.fresh = fresh;
      this.backend = backend;
      this.w = ColumnOrder.ordered(original, factor.order);
      this.errors = new float[Math.multiplyExact(out, BLOCK)];
      this.codes = new byte[original.size()];
      this.losses = new double[out];
      this.group = new int[in];
      for (int i = 0; i < in; i++) {
        group[i] = grids.groupOfColumn()[factor.order[i]];
      }
    }

    Solution run() {
      for (int first = 0; first < in; first += BLOCK) {
        int end = Math.min(in, first + BLOCK);
        float[][] upper = factor.square(first, end);
        int start = first;
        Parallel.rows(out, GRAIN, (from, to) -> rows(from, to, start, end, upper));
        factor.carry(errors, first, end, w, backend);
      }
      double loss = 0;
      for (double l : losses) {
        loss += l;
      }
      return new Solution(grids.matrix(codes), loss / 2);
    }

    private void rows(int from, int to, int first, int end, float[][] upper) {
      float[] v = new float[end - first];
      for (int o = from; o < to; o++) {
        System.arraycopy(w, o * in + first, v, 0, v.length);
        row(o, first, v, upper);
      }
    }

    /**
     * One row of a block.
     *
     * @param v its weights; used up
     */
    private void row(int o, int first, float[] v, float[][] upper) {
      float scale = 0;
      int zero = 0;
      int most = grids.grid().maxCode();
      double loss = 0;
      for (int j = 0; j < v.length; j++) {
        int position = first + j;
        if (j == 0 || group[position] != group[position - 1]) {
          int at = o * grids.perRow() + group[position];
          if (fit.isPresent() && (position == 0 || group[position] != group[position - 1])) {
            fit(o, position, v, j, at);
          }
          scale = grids.scales()[at];
          zero = grids.zeros()[at] & 0xFF;
        }
        float code = Math.clamp((float) Math.rint(v[j] / scale) + zero, 0f, most);
        codes[o * in + factor.order[position]] = (byte) code;
        float error = (v[j] - scale * (code - zero)) / upper[j][j];
        errors[o * BLOCK + j] = -error;
        loss += (double) error * error;
        Factor.spread(v, upper[j], error, j + 1);
      }
      losses[o] += loss;
    }

    /** The grid of the group that begins at {@code position}, which is {@code v[j]}. */
    private void fit(int o, int position, float[] v, int j, int at) {
      int end = position + 1;
      while (end < in && group[end] == group[position]) {
        end++;
      }
      float[] weights = Arrays.copyOfRange(w, o * in + position, o * in + end);
      if (fresh) {
        System.arraycopy(v, j, weights, 0, Math.min(v.length - j, weights.length));
      }
      fit.get().fit(weights, 0, weights.length, grids.scales(), grids.zeros(), at);
    }
  }
}
