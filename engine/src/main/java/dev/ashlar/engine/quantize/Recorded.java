package dev.ashlar.engine.quantize;

import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.RunFacts;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What exports record of how codes were chosen: what was done, and nothing else. */
public final class Recorded {
  /** Holds the method's name; no loader has a setting that is called so. */
  private static final String METHOD = "ashlar_method";

  private static final RunFacts UNKNOWN = new RunFacts(0, 0, 1, 1, 1, true);

  private Recorded() {}

  /**
   * The record of a run, as plain JSON values.
   *
   * @param run the data that there were and how they went through the model; empty if somebody else
   *     ran the model. What a method that needs no data did does not depend on it
   */
  public static Map<String, Object> of(Method.Choice choice, Optional<RunFacts> run) {
    // Tuning in no steps is another method.
    Method.Choice done = choice.method().settle(choice.options());
    Map<String, Object> record = new LinkedHashMap<>();
    record.put(METHOD, done.method().name());
    record.putAll(done.method().recorded(done.options(), run.orElse(UNKNOWN)));
    if (run.isEmpty() || !done.create().needsInputs()) {
      record.keySet().removeAll(UNKNOWN.recorded().keySet());
    }
    return record;
  }
}
