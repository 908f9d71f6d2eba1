package dev.ashlar.tuning;

import dev.ashlar.tuning.method.TuningHistory;
import dev.ashlar.tuning.method.UnitResult;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What became of one unit.
 *
 * @param index from 0
 * @param name of its first block, or of the head
 * @param layers quantized linear maps
 * @param history how the tuning went, for methods that tune
 * @param figures what the method says of it, by name
 * @param resumed whether it was taken from the work folder
 * @param time spent on it
 */
public record UnitReport(
    int index,
    String name,
    int layers,
    Optional<TuningHistory> history,
    Map<String, Double> figures,
    boolean resumed,
    Duration time) {
  /**
   * Of a unit of blocks, or of the head, which has just been finished.
   *
   * @param start when it was begun, in {@link System#nanoTime}
   */
  static UnitReport of(UnitPlan.Entry entry, UnitResult result, boolean resumed, long start) {
    return new UnitReport(
        entry.index(),
        entry.name(),
        result.layers().size(),
        result.history(),
        result.figures(),
        resumed,
        Duration.ofNanos(System.nanoTime() - start));
  }
}
