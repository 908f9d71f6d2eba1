package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.solver.ColumnOrder;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.OutlierQuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.layerwise.solver.Symmetric;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** QuantEase with outliers (arXiv 2309.01885, section 4) as users see it. */
public final class QuantEaseOutlierMethod implements Method {
  /** How users call it. */
  public static final Method METHOD = new QuantEaseOutlierMethod();

  private static final String OUTLIER = "outlier";
  private static final String STRUCTURED = "structure_outlier";
  private static final String ALPHA = "alpha";
  private static final double SHARE = 0.01;

  private QuantEaseOutlierMethod() {}

  @Override
  public String name() {
    return "quantease_outlier";
  }

  @Override
  public String description() {
    return "QuantEase with a few weights kept as floats beside the codes";
  }

  @Override
  public String label() {
    return "QuantEase with outliers";
  }

  @Override
  public List<Option> options() {
    return SolverOptions.all(
        List.of(
            new Option(
                OUTLIER, "0.01", "Share of weights kept as floats.", new Spelling.Named("X")),
            new Option(
                STRUCTURED,
                SolverOptions.FALSE,
                "Keep whole columns as floats, not single weights.",
                new Spelling.Switch("structure-outlier", SolverOptions.TRUE)),
            new Option(
                ALPHA,
                "1",
                "Length of the steps on what is kept, below 4.",
                new Spelling.Named("X"))),
        SolverOptions.sweeps(),
        SolverOptions.actOrder(),
        SolverOptions.common(false));
  }

  @Override
  public Map<String, Object> recorded(MethodOptions o, RunFacts run) {
    return SolverOptions.recorded(Method.super.recorded(o, run), options(), o);
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    OutlierQuantEase.Options options =
        new OutlierQuantEase.Options(
            SolverOptions.iterations(o),
            o.real(OUTLIER, SHARE),
            o.flag(STRUCTURED, false),
            o.real(ALPHA, 1),
            false);
    Solver solver = new Solver(options, SolverOptions.actOrder(o), SolverOptions.mse(o));
    return SolverOptions.method(name(), solver, false, options(), o);
  }

  private record Solver(OutlierQuantEase.Options options, boolean actOrder, double mse)
      implements MomentSolver {
    @Override
    public Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend) {
      Symmetric sigma = moments.sum();
      int[] order =
          actOrder ? ColumnOrder.descending(sigma.diagonal()) : ColumnOrder.natural(sigma.dim());
      OutlierQuantEase.Inputs inputs = new OutlierQuantEase.Inputs(sigma, order);
      return Optional.of(
          (layer, figures) ->
              OutlierQuantEase.solve(layer.weight(), inputs, fit(layer.grid()), options, backend)
                  .matrix());
    }

    @Override
    public GridFit fit(IntegerGrid grid) {
      return new GridFit(grid, true, mse);
    }

    @Override
    public boolean keepsOutliers() {
      return options.fraction() > 0;
    }
  }
}
