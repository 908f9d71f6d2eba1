package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.layerwise.solver.Gptq;
import dev.ashlar.tuning.layerwise.solver.GptqOptions;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.RunFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * GPTQ (arXiv 2210.17323) as users see it, with GPTQModel's defaults: columns by the size of their
 * inputs within groups, damping of 5 %, maps of a block one after the other.
 */
public final class GptqMethod implements Method {
  /** How users call it. */
  public static final Method METHOD = new GptqMethod();

  private GptqMethod() {}

  @Override
  public String name() {
    return "gptq";
  }

  @Override
  public String description() {
    return "round column after column and let those that are left make up for each error (GPTQ)";
  }

  @Override
  public String label() {
    return "GPTQ";
  }

  @Override
  public List<Option> options() {
    return SolverOptions.all(
        SolverOptions.order(), SolverOptions.gptq(), SolverOptions.common(true));
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
    Solver solver = new Solver(SolverOptions.chosen(o), SolverOptions.mse(o));
    return SolverOptions.method(name(), solver, true, options(), o);
  }

  private record Solver(GptqOptions options, double mse) implements MomentSolver {
    @Override
    public Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend) {
      return Gptq.factor(moments.normalised(), grid, options)
          .map(
              factor ->
                  (layer, figures) ->
                      Gptq.solve(layer.weight(), factor, fit(grid), options, backend).matrix());
    }

    @Override
    public GridFit fit(IntegerGrid grid) {
      return new GridFit(grid, true, mse);
    }
  }
}
