package dev.ashlar.tuning.awq;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.UnitTask;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The output of a unit, all of whose layers are rounded, on samples that no search has seen: the
 * judge of what searches found. What does not bring it nearer to the float unit's is not kept.
 */
final class HeldOut {
  private final OutputError error;
  private final Map<String, Tensor> weights = new HashMap<>();
  private final double before;
  private double after;

  /**
   * With every layer rounded as it is.
   *
   * @param rounding as it will be in the end
   * @param samples what flows into the unit, {@code [batch, length, dim]} each
   */
  HeldOut(UnitTask task, Rounding rounding, List<Tensor> samples) {
    this.error = new RunError(task.unit(), (unit, x, c, tape) -> unit.forward(x, c, tape), samples);
    for (String name : task.schemes().keySet()) {
      LinearLayer l = task.layer(name);
      weights.put(name, rounding.of(l, Nearest.ones(l.in())));
    }
    this.before = error.of(weights);
    this.after = before;
  }

  /** Whether the output is nearer with these weights too, which stay then. */
  boolean keeps(Map<String, Tensor> others) {
    Map<String, Tensor> replaced = new HashMap<>();
    others.forEach((name, w) -> replaced.put(name, weights.put(name, w)));
    double found = error.of(weights);
    boolean nearer = found < after;
    if (nearer) {
      after = found;
    } else {
      weights.putAll(replaced);
    }
    return nearer;
  }

  /** The error with all that stayed as a part of that without. */
  double ratio() {
    return before > 0 ? after / before : 1;
  }
}
