package dev.ashlar.tuning.method;

import java.util.List;

/**
 * A model after its finish.
 *
 * @param parts the results of all units, in order
 * @param rest what changed beside them: the final norm
 */
public record FinishResult(List<UnitResult> parts, UnitResult rest) {
  public FinishResult {
    parts = List.copyOf(parts);
  }
}
