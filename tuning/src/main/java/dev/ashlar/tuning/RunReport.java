package dev.ashlar.tuning;

import dev.ashlar.tensor.quant.QuantScheme;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What a run did.
 *
 * @param units one report each
 * @param schemes scheme of each quantized layer by complete module name
 * @param skipped layers left float, with the reason
 * @param time from beginning to end
 */
public record RunReport(
    List<UnitReport> units,
    Map<String, QuantScheme> schemes,
    Map<String, String> skipped,
    Duration time) {}
