package dev.ashlar.tuning.feedback;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.MatMulKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.TuningException;

/**
 * Solves linear maps that read one input: a target that pays back the error of earlier layers,
 * grids, codes by GPTQ, coordinate descent, scales fitted to the codes, and again.
 *
 * <p>Everything after the target is measured by {@code tr((W* − Ŵ)(H + λI)(W* − Ŵ)ᵀ)}.
 */
final class LayerSolver {
  /** Columns of a triangular factor that are multiplied at once. */
  private static final int STRIP = 192;

  /** What GPTQ does if even the damped moments cannot be factored. */
  private static final double INCREMENT = 0.01;

  private final SolverOptions options;
  private final Backend backend;
  private final int in;
  private final Symmetric moments;
  private final Gptq.Factor factor;

  /** H + λI, {@code [in, in]}. */
  private final float[] damped;

  private final float[] diagonal;

  /** A solved map and its error by the measure above. */
  record Solution(QuantizedMatrix matrix, double error) {}

  /**
   * @param moments H per token; without any token the weights count alike
   * @param tokens that H is of
   * @throws TuningException if it is not finite
   */
  LayerSolver(String name, Symmetric moments, long tokens, SolverOptions options, Backend backend) {
    this.options = options;
    this.backend = backend;
    this.in = moments.dim();
    double mean = moments.meanDiagonal();
    double lambda = mean > 0 ? options.damping().of(in, tokens) * mean : 1;
    this.moments = moments.scaled(1);
    for (int i = 0; i < in; i++) {
      this.moments.rows()[i][i] += lambda;
    }
    double[] exact = this.moments.diagonal();
    this.diagonal = new float[in];
    for (int i = 0; i < in; i++) {
      diagonal[i] = (float) exact[i];
    }
    this.damped = this.moments.floats();
    this.factor =
        Gptq.factor(
                this.moments,
                ColumnOrder.descending(exact),
                new boolean[in],
                new GptqOptions(0, INCREMENT, GptqOptions.Order.ACTIVATION, true, false))
            .orElseThrow(
                () -> new TuningException(name, "the second moments of its inputs are not finite"));
  }

  /**
   * Solves one map.
   *
   * @param paid {@code E[t x̂ᵀ](H + λI)⁻¹ [out, in]}, t what the output should be beside that of
   *     the float weights on x̂, or null for nothing
   * @throws TuningException if a scale overflows
   */
  Solution solve(LinearLayer layer, Tensor paid) {
    IntegerGrid grid = layer.grid();
    Tensor target = paid == null ? layer.weight() : target(layer.weight(), paid);
    Grids grids = grids(target, grid);
    Scales.require(layer.name(), grid, in, grids.scales());
    QuantizedMatrix first = Gptq.solve(target, factor, grids, backend).matrix();
    byte[] codes = first.codes().values();
    float[] error = difference(target, first);
    float[] residual = new float[error.length];
    backend.matMul().xw(layer.out(), in, in, error, 0, in, damped, 0, in, residual, 0, in, false);
    CoordinateDescent.run(residual, damped, grids, codes, options.sweeps());
    for (int i = 0; i < options.refits(); i++) {
      ScaleRefit.run(residual, damped, grids, codes, backend);
      CoordinateDescent.run(residual, damped, grids, codes, options.sweeps());
    }
    QuantizedMatrix solved = grids.matrix(codes);
    return new Solution(solved, inner(difference(target, solved), residual));
  }

  private Tensor target(Tensor weight, Tensor paid) {
    float[] target = new float[weight.size()];
    float[] w = weight.data();
    float[] p = paid.data();
    float alpha = (float) options.feedback();
    Parallel.rows(
        weight.dim(0),
        16,
        (from, to) -> {
          for (int i = from * in; i < to * in; i++) {
            target[i] = w[i] + alpha * p[i];
          }
        });
    return Tensor.of(target, weight.shape());
  }

  /**
   * {@code T·(H + λI)⁻¹}.
   *
   * @param t {@code [.., in]}
   */
  Tensor overMoments(Tensor t) {
    int rows = t.rows();
    int[] order = factor.order();
    float[] upper = factor.upper();
    float[] ordered = ColumnOrder.ordered(t, order);
    float[] product = new float[ordered.length];
    // (H + λI)⁻¹ = UᵀU in GPTQ's order of columns; what lies below U's diagonal is not multiplied.
    MatMulKernel kernel = backend.matMul();
    for (int i = 0; i < in; i += STRIP) {
      int count = Math.min(STRIP, in - i);
      int corner = i * in + i;
      kernel.xwt(rows, count, in - i, ordered, i, in, upper, corner, in, product, i, in, false);
    }
    for (int i = 0; i < in; i += STRIP) {
      int count = Math.min(STRIP, in - i);
      kernel.xw(rows, count, i + count, product, 0, in, upper, i, in, ordered, i, in, false);
    }
    float[] result = new float[ordered.length];
    Parallel.rows(
        rows,
        16,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            for (int i = 0; i < in; i++) {
              result[o * in + order[i]] = ordered[o * in + i];
            }
          }
        });
    return Tensor.of(result, t.shape());
  }

  private Grids grids(Tensor target, IntegerGrid grid) {
    int out = target.dim(0);
    int size = grid.effectiveGroup(in);
    int perRow = grid.groups(in);
    Grids grids = Grids.empty(out, in, grid);
    Parallel.rows(
        out,
        4,
        (from, to) -> {
          GridSearch search = new GridSearch(grid, size, backend.gridSums());
          for (int at = from * perRow; at < to * perRow; at++) {
            int first = at % perRow * size;
            int count = Math.min(size, in - first);
            search.run(target.data(), at / perRow * in + first, diagonal, first, count);
            grids.scales()[at] = search.scale();
            grids.zeros()[at] = (byte) search.zero();
          }
        });
    return grids;
  }

  private static float[] difference(Tensor target, QuantizedMatrix matrix) {
    int in = matrix.in();
    float[] d = new float[target.size()];
    Parallel.rows(
        matrix.out(),
        8,
        (from, to) -> {
          for (int o = from; o < to; o++) {
            matrix.readRow(o, d, o * in);
          }
          for (int i = from * in; i < to * in; i++) {
            d[i] = target.data()[i] - d[i];
          }
        });
    return d;
  }

  private static double inner(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /** {@code tr(W (H + λI) Wᵀ)}: what an error is compared with. */
  double energy(Tensor weight) {
    float[] product = new float[weight.size()];
    backend
        .matMul()
        .xw(weight.dim(0), in, in, weight.data(), 0, in, damped, 0, in, product, 0, in, false);
    return inner(weight.data(), product);
  }
}
