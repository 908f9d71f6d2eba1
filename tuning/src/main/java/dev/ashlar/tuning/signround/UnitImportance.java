package dev.ashlar.tuning.signround;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.layerwise.Importance;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.walk.BlockWalk;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The importance of all inputs of a unit, from one pass of its data. */
final class UnitImportance {
  private UnitImportance() {}

  /** Importance {@code [in]} of each layer that is quantized; layers with one input share it. */
  static Map<String, float[]> of(UnitTask task) {
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    Map<String, Importance> ofLayer = new HashMap<>();
    for (List<String> group : task.groups()) {
      String first = group.getFirst();
      Importance sum = new Importance(task.unit().weights().get(first).in());
      observers.put(first, sum::add);
      group.forEach(name -> ofLayer.put(name, sum));
    }
    BlockWalk.observe(task, task.unit(), observers);
    Map<String, float[]> found = new HashMap<>();
    ofLayer.forEach((name, sum) -> found.put(name, sum.values()));
    return found;
  }
}
