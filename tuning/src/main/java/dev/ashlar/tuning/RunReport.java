package dev.ashlar.tuning;

import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.method.Budget;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run did.
 *
 * @param units one report each
 * @param schemes scheme of each quantized layer by complete module name
 * @param skipped layers left float, with the reason
 * @param time from beginning to end
 * @param timed of a run that was given a time in place of numbers
 */
public record RunReport(
    List<UnitReport> units,
    Map<String, QuantScheme> schemes,
    Map<String, String> skipped,
    Duration time,
    Optional<Timed> timed) {
  /**
   * What a time came to.
   *
   * @param asked what was asked for
   * @param used measuring and tuning, earlier runs of the same job included
   * @param numbers that give the same result
   */
  public record Timed(Duration asked, Duration used, Budget.Numbers numbers) {}

  /** Of a run whose numbers were given. */
  public RunReport(
      List<UnitReport> units,
      Map<String, QuantScheme> schemes,
      Map<String, String> skipped,
      Duration time) {
    this(units, schemes, skipped, time, Optional.empty());
  }
}
