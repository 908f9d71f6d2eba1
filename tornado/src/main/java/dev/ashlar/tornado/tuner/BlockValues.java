package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * A job with what its block holds, by names relative to it.
 *
 * @param tensors norms and biases
 * @param weights of the linear maps
 */
record BlockValues(TuningJob job, Map<String, Tensor> tensors, Map<String, Weight> weights) {
  static BlockValues of(TuningJob job) {
    Map<String, Tensor> tensors = new HashMap<>();
    job.block().forEachTensor(tensors::put);
    Map<String, Weight> weights = new HashMap<>();
    job.block()
        .mapWeights(
            (name, weight) -> {
              weights.put(name, weight);
              return weight;
            });
    return new BlockValues(job, tensors, weights);
  }
}
