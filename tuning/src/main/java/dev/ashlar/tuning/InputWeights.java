package dev.ashlar.tuning;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.layerwise.Importance;
import dev.ashlar.tuning.method.BlockQuantizer;
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

  /**
   * Sends what flows into the unit through it once more, or, where nothing looks at it behind this,
   * on to the next one.
   */
  static void tell(
      Unit unit, UnitPlan.Entry entry, BlockQuantizer quantizer, Cascade cascade, LayerSink sink) {
    Set<String> layers = entry.schemes().keySet();
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
    Unit watched = ObservedWeight.within(unit, observers);
    if (isLast(entry, quantizer)) {
      cascade.movingFloats().pass(watched);
    } else {
      cascade.observe(watched);
    }
    found.forEach(
        (names, importance) -> {
          float[] squares = importance.values();
          names.forEach(name -> sink.importance(name, squares));
        });
  }

  /** Whether one float stream flows, and no method asks for what flows into the unit. */
  private static boolean isLast(UnitPlan.Entry entry, BlockQuantizer quantizer) {
    boolean asks = quantizer.needsInputs() && entry.hasCodes();
    boolean one = !quantizer.needsTargets() && !quantizer.needsFloats();
    return InputRanges.areFloats(quantizer) && one && !asks && !entry.head();
  }
}
