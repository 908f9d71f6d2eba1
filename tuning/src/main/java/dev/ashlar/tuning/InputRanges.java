package dev.ashlar.tuning;

import dev.ashlar.tensor.Magnitude;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.ObservedWeight;
import dev.ashlar.tuning.method.Unit;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What the inputs of a unit's layers reach in calibration data, for schemes whose scales of inputs
 * are fixed or are multiples of a fixed float ({@link
 * dev.ashlar.tensor.quant.ActivationScheme#needsLargest}).
 */
final class InputRanges {
  private static final Pattern NUMBER = Pattern.compile("\\.\\d+\\.");

  private InputRanges() {}

  /** Whether what flows is the float model's; for methods without inputs it is only looked at. */
  static boolean areFloats(BlockQuantizer quantizer) {
    return quantizer.floatInputs() || !quantizer.needsInputs();
  }

  /** Whether any of the schemes asks calibration data for ranges. */
  static boolean needed(Collection<QuantScheme> schemes) {
    return schemes.stream().anyMatch(QuantScheme::needsInputRange);
  }

  /**
   * The entry with the ranges in its schemes; as it is if nothing asks for them.
   *
   * @param unit the float unit of the entry
   * @param cascade what flows into it; null where nothing does, which no range is asked of
   */
  static UnitPlan.Entry settle(UnitPlan.Entry entry, Unit unit, Cascade cascade) {
    if (!needed(entry.schemes().values())) {
      return entry;
    }
    Map<String, float[]> largest = new HashMap<>();
    Map<String, Consumer<Tensor>> observers = new HashMap<>();
    for (List<String> group : unit.sharedInputs()) {
      List<String> asking = group.stream().filter(n -> needed(entry.schemes(), n)).toList();
      if (!asking.isEmpty()) {
        float[] of = {Float.NaN};
        asking.forEach(name -> largest.put(name, of));
        observers.put(asking.getFirst(), x -> of[0] = largest(x, of[0]));
      }
    }
    cascade.observe(ObservedWeight.within(unit, observers));
    Map<String, QuantScheme> settled = new LinkedHashMap<>(entry.schemes());
    for (String name : largest.keySet()) {
      QuantScheme scheme = entry.schemes().get(name);
      float reached = reached(name, largest);
      settled.put(name, scheme.withInputs(scheme.activations().map(a -> a.withLargest(reached))));
    }
    return entry.with(settled);
  }

  private static boolean needed(Map<String, QuantScheme> schemes, String name) {
    return schemes.containsKey(name) && schemes.get(name).needsInputRange();
  }

  private static float largest(Tensor x, float before) {
    float here = Magnitude.largest(x.data(), 0, x.size());
    return Float.isNaN(before) ? here : Math.max(before, here);
  }

  /** What a layer's inputs reach; of an expert that no token chose, what its siblings' reach. */
  private static float reached(String name, Map<String, float[]> largest) {
    float own = largest.get(name)[0];
    if (!Float.isNaN(own)) {
      return own;
    }
    String kind = NUMBER.matcher(name).replaceAll(".*.");
    float most = 0;
    for (String other : largest.keySet()) {
      float theirs = largest.get(other)[0];
      if (!Float.isNaN(theirs) && NUMBER.matcher(other).replaceAll(".*.").equals(kind)) {
        most = Math.max(most, theirs);
      }
    }
    return most;
  }
}
