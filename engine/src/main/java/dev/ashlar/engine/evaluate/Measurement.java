package dev.ashlar.engine.evaluate;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one data set says of a model.
 *
 * @param dataset its name
 * @param task what was measured on it
 * @param figures by name, such as {@code perplexity}
 * @param counts how much was measured, by unit, such as {@code windows} and {@code tokens}
 * @param time spent
 */
public record Measurement(
    String dataset,
    String task,
    Map<String, Figure> figures,
    Map<String, Long> counts,
    Duration time) {
  public Measurement {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
  }
}
