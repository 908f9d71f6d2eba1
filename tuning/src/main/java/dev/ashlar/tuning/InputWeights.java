package dev.ashlar.tuning;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.layerwise.Importance;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Tells a sink what each input of the layers of a unit counts, whatever the method looks at. */
final class InputWeights {
  private InputWeights() {}

  /** Sends what flows into the unit through it once more. */
  static void tell(Unit unit, Set<String> layers, Cascade cascade, LayerSink sink) {
    Map<List<String>, Importance> found = new LinkedHashMap<>();
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    for (List<String> group : unit.sharedInputs()) {
      List<String> wanted = group.stream().filter(layers::contains).toList();
      if (!wanted.isEmpty()) {
        Importance importance = new Importance(unit.weights().get(wanted.getFirst()).in());
        found.put(wanted, importance);
        observers.put(wanted.getFirst(), importance::add);
      }
    }
    if (observers.isEmpty()) {
      return;
    }
    cascade.observe(ObservedWeight.within(unit, observers));
    found.forEach(
        (names, importance) -> {
          float[] squares = importance.values();
          names.forEach(name -> sink.importance(name, squares));
        });
  }
}
