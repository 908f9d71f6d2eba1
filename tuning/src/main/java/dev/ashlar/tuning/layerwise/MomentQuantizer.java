package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.Groups;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.Grids;
import dev.ashlar.tuning.layerwise.solver.ReconstructionError;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.method.GroupQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Scales;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitSize;
import dev.ashlar.tuning.method.UnitTask;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gathers second moments once for all layers that read one input, and has a {@link MomentSolver}
 * solve each. A layer that saw too little of the data (an expert that few tokens were sent to) is
 * rounded to nearest, which the run's listener hears of and the figures say.
 *
 * @param sequential whether each group of layers sees the earlier ones quantized
 * @param errors whether figures say more of each layer: the relative error of its output, and what
 *     the solver has to say
 */
record MomentQuantizer(MomentSolver solver, boolean sequential, boolean errors)
    implements GroupQuantizer {
  /** Share of the tokens that a layer must have seen; GPTQModel's. */
  private static final double ENOUGH = 0.005;

  /** Bytes for each weight: moments of all inputs of a unit, factors and copies of the largest. */
  private static final int BYTES = 20;

  @Override
  public boolean observes() {
    return true;
  }

  @Override
  public boolean keepsOutliers() {
    return solver.keepsOutliers();
  }

  @Override
  public long workingBytes(UnitSize unit) {
    return unit.weights() * BYTES;
  }

  @Override
  public Work begin(Group group) {
    LinearLayer first = group.layers().getFirst();
    SecondMoments moments = new SecondMoments(first.in(), first.backend());
    return new Work() {
      @Override
      public void observe(Tensor x) {
        moments.add(x);
      }

      @Override
      public UnitResult finish() {
        return solve(group, moments);
      }
    };
  }

  private UnitResult solve(Group group, SecondMoments moments) {
    LinearLayer first = group.layers().getFirst();
    if (!Double.isFinite(moments.sum().meanDiagonal())) {
      throw new TuningException(first.name(), "the activations that flow into it are not finite");
    }
    UnitTask task = group.task();
    long expected = (long) task.inputs().count() * task.inputs().length();
    boolean cold = moments.tokens() == 0 || moments.tokens() < ENOUGH * expected;
    Backend backend = first.backend();
    Map<IntegerGrid, Optional<MomentSolver.Prepared>> prepared = new HashMap<>();
    Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
    Map<String, Double> figures = new LinkedHashMap<>();
    Map<String, Double> details = new LinkedHashMap<>();
    for (LinearLayer layer : group.layers()) {
      Optional<MomentSolver.Prepared> solution =
          cold
              ? Optional.empty()
              : prepared.computeIfAbsent(
                  layer.grid(), grid -> solver.prepare(moments, grid, backend));
      if (solution.isEmpty()) {
        tell(task, layer.name(), cold, moments.tokens(), expected);
        figures.put("rounded_to_nearest." + layer.name(), (double) moments.tokens());
      }
      QuantizedMatrix found =
          solution.map(s -> s.solve(layer, details)).orElseGet(() -> nearest(layer));
      requireScales(layer, found);
      codes.put(layer.name(), found);
      if (errors) {
        figures.put(
            "error." + layer.name(),
            ReconstructionError.relative(
                layer.weight(), found.dequantize(), moments.sum(), backend));
      }
    }
    if (errors) {
      figures.putAll(details);
    }
    return UnitResult.of(codes).withFigures(figures);
  }

  private QuantizedMatrix nearest(LinearLayer layer) {
    return Grids.of(layer.weight(), solver.fit(layer.grid())).nearest(layer.weight());
  }

  private static void requireScales(LinearLayer layer, QuantizedMatrix found) {
    if (found.groups() instanceof Groups.ZeroPoints groups) {
      Scales.require(layer.name(), layer.grid(), layer.in(), groups.scales());
    }
  }

  private static void tell(UnitTask task, String layer, boolean cold, long tokens, long expected) {
    String reason =
        cold
            ? "it saw " + tokens + " of " + expected + " calibration tokens"
            : "the second moments of its inputs could not be factored";
    task.listener().warning(layer + " is rounded to nearest: " + reason);
  }
}
