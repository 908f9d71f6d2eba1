package dev.ashlar.tuning.signround;

import dev.ashlar.tuning.layerwise.Importance;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The importance of all inputs of a unit, from one pass of its data. */
final class UnitImportance {
  private UnitImportance() {}

  /** Importance {@code [in]} of each layer that is quantized; layers with one input share it. */
  static Map<String, float[]> of(UnitTask task) {
    Map<String, Importance> sums = new HashMap<>();
    Map<String, Importance> ofLayer = new HashMap<>();
    for (List<String> group : task.unit().sharedInputs()) {
      List<String> wanted = group.stream().filter(task.schemes()::containsKey).toList();
      if (!wanted.isEmpty()) {
        String first = wanted.getFirst();
        Importance sum = new Importance(task.unit().weights().get(first).in());
        sums.put(first, sum);
        wanted.forEach(name -> ofLayer.put(name, sum));
      }
    }
    Unit observed =
        task.unit()
            .mapWeights(
                (name, weight) -> {
                  Importance sum = sums.get(name);
                  return sum == null ? weight : new ObservedWeight(weight, sum::add);
                });
    new BlockWalk(task.batchSize(), BlockWalk.Check.NONE).observe(observed, task.inputs());
    Map<String, float[]> found = new HashMap<>();
    ofLayer.forEach((name, sum) -> found.put(name, sum.values()));
    return found;
  }
}
