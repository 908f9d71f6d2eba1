package dev.ashlar.tuning.method;

import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Magnitude;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Map;

/**
 * Layers that share the float beside their FP8 scales: those of one module that read one input, as
 * queries, keys and values, or both halves of a gated map. Programs that multiply them as one
 * matrix have one float for them.
 */
final class SharedRange {
  private SharedRange() {}

  /**
   * The largest magnitude among the weights of the layers that share with {@code name}; 0 where its
   * scheme has no such float.
   */
  static float of(UnitTask task, String name) {
    if (!hasGlobal(task, name)) {
      return 0;
    }
    Map<String, Weight> weights = task.unit().weights();
    float largest = 0;
    for (List<String> group : task.groups()) {
      if (group.contains(name)) {
        for (String other : group) {
          if (module(other).equals(module(name)) && hasGlobal(task, other)) {
            largest = Math.max(largest, largest(weights.get(other)));
          }
        }
      }
    }
    return largest;
  }

  private static boolean hasGlobal(UnitTask task, String name) {
    QuantScheme scheme = task.schemes().get(name);
    return scheme instanceof FloatGrid grid && grid.hasGlobal();
  }

  private static String module(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  private static float largest(Weight weight) {
    return weight.floats().map(w -> Magnitude.largest(w.data(), 0, w.size())).orElse(0f);
  }
}
