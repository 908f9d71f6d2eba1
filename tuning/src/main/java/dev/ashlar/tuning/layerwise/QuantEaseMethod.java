package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** QuantEase (arXiv 2309.01885) as users see it, with the options of its program. */
public final class QuantEaseMethod implements Method {
  /** How users call it. */
  public static final Method METHOD = new QuantEaseMethod();

  private QuantEaseMethod() {}

  @Override
  public String name() {
    return "quantease";
  }

  @Override
  public String description() {
    return "descend on each map's output error, column by column and many times over (QuantEase)";
  }

  @Override
  public String label() {
    return "QuantEase";
  }

  @Override
  public List<Option> options() {
    return SolverOptions.all(
        SolverOptions.sweeps(), SolverOptions.order(), SolverOptions.common(false));
  }

  @Override
  public Map<String, Object> recorded(MethodOptions o, RunFacts run) {
    return SolverOptions.recorded(Method.super.recorded(o, run), options(), o);
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    Solver solver =
        new Solver(
            SolverOptions.iterations(o),
            SolverOptions.actOrder(o),
            SolverOptions.staticGroups(o),
            SolverOptions.mse(o));
    return SolverOptions.method(name(), solver, false, options(), o);
  }

  private record Solver(int iterations, boolean actOrder, boolean staticGroups, double mse)
      implements MomentSolver {
    @Override
    public Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend) {
      Symmetric sigma = moments.sum();
      int[] order =
          actOrder ? ColumnOrder.descending(sigma.diagonal()) : ColumnOrder.natural(sigma.dim());
      NormalMatrix normal = new NormalMatrix(sigma, order);
      return Optional.of((layer, figures) -> solve(layer, normal, order, backend));
    }

    private QuantizedMatrix solve(
        LinearLayer layer, NormalMatrix normal, int[] order, Backend backend) {
      GridFit fit = fit(layer.grid());
      Grids grids =
          staticGroups || !actOrder
              ? Grids.of(layer.weight(), fit)
              : Grids.of(layer.weight(), fit, order);
      QuantEase.Options options = new QuantEase.Options(iterations, false, false);
      return QuantEase.solve(layer.weight(), normal, grids, options, Optional.empty(), backend)
          .matrix();
    }

    @Override
    public GridFit fit(IntegerGrid grid) {
      return new GridFit(grid, true, mse);
    }
  }
}
