package dev.ashlar.tuning.layerwise;

import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.Map;
import java.util.Optional;

/** A method that needs nothing of a layer's inputs but their second moments. */
interface MomentSolver {
  /** What the method made of moments; serves all layers that share them. */
  @FunctionalInterface
  interface Prepared {
    /**
     * The codes of a layer.
     *
     * @param figures receives what the report should say, by name
     */
    QuantizedMatrix solve(LinearLayer layer, Map<String, Double> figures);
  }

  /**
   * Prepares for layers on {@code grid}.
   *
   * @return empty if the moments are of no use to the method, so that layers are rounded to nearest
   */
  Optional<Prepared> prepare(SecondMoments moments, IntegerGrid grid, Backend backend);

  /** Whether matrices may have more than codes with zero points. */
  default boolean keepsOutliers() {
    return false;
  }

  /** How the method fits grids, also where it falls back to rounding. */
  GridFit fit(IntegerGrid grid);
}
