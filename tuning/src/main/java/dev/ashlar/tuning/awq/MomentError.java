package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.layerwise.solver.ReconstructionError;
import java.util.Map;

/**
 * Errors of maps' own outputs by the second moments of their inputs, so that no token is looked at
 * again.
 *
 * @param original weights {@code [out, in]} by complete module name
 * @param moments {@code [in, in]} of the input of each; maps may share them
 */
record MomentError(Map<String, Tensor> original, Map<String, float[]> moments, Backend backend)
    implements OutputError {
  @Override
  public double of(Map<String, Tensor> weights) {
    double sum = 0;
    for (Map.Entry<String, Tensor> e : original.entrySet()) {
      Tensor w = e.getValue();
      float[] delta = weights.get(e.getKey()).copy().data();
      for (int i = 0; i < delta.length; i++) {
        delta[i] -= w.data()[i];
      }
      sum += ReconstructionError.energy(delta, moments.get(e.getKey()), w.dim(1), backend);
    }
    return sum;
  }
}
