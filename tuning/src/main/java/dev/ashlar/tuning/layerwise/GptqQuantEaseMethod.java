package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.NormalMatrix;
import dev.ashlar.tuning.layerwise.solver.QuantEase;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * GPTQ, and QuantEase's sweeps on from its answer, on its grids and towards the original weights.
 * Its layer error is never above GPTQ's.
 */
public final class GptqQuantEaseMethod implements Method {
  /** How users call it. */
  public static final Method METHOD = new GptqQuantEaseMethod();

  private GptqQuantEaseMethod() {}

  @Override
  public String name() {
    return "gptq_quantease";
  }

  @Override
  public String description() {
    return "GPTQ, then QuantEase from its answer";
  }

  @Override
  public String label() {
    return "GPTQ and QuantEase";
  }

  @Override
  public List<Option> options() {
    return SolverOptions.all(
        SolverOptions.sweeps(),
        SolverOptions.order(),
        SolverOptions.gptq(),
        SolverOptions.common(false));
  }

  @Override
  public List<String> idle(MethodOptions o) {
    return SolverOptions.idle(o);
  }

  @Override
  public Map<String, Object> recorded(MethodOptions o, RunFacts run) {
    return SolverOptions.recorded(Method.super.recorded(o, run), options(), o);
  }

  @Override
  public BlockQuantizer quantizer(MethodOptions o) {
    QuantEase.Options sweeps = new QuantEase.Options(SolverOptions.iterations(o), true, false);
    Solver solver = new Solver(SolverOptions.chosen(o), sweeps, SolverOptions.mse(o));
    return SolverOptions.method(name(), solver, false, options(), o);
  }

  private record Solver(GptqOptions options, QuantEase.Options sweeps, double mse)
      implements MomentSolver {
    @Override
    public Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend) {
      return Gptq.factor(moments.normalised(), grid, options)
          .map(
              factor -> {
                NormalMatrix normal = new NormalMatrix(moments.sum(), factor.order());
                return (layer, figures) -> {
                  QuantizedMatrix first =
                      Gptq.solve(layer.weight(), factor, fit(grid), options, backend).matrix();
                  return QuantEase.solve(
                          layer.weight(),
                          normal,
                          Grids.of(first),
                          sweeps,
                          Optional.of(first),
                          backend)
                      .matrix();
                };
              });
    }

    @Override
    public GridFit fit(IntegerGrid grid) {
      return new GridFit(grid, true, mse);
    }
  }
}
