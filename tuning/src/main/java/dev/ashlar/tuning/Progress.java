package dev.ashlar.tuning;

import java.time.Duration;
import java.util.Optional;

/**
 * Where a run stands.
 *
 * @param unit the unit at work, from 0
 * @param units how many there are
 * @param name the unit's name
 * @param iteration iterations done on this unit
 * @param iterations how many it will have at most; 0 if the method does not iterate
 * @param loss of the last iteration's batch, NaN before the first
 * @param elapsed since the run began
 * @param remaining at the present pace, once there is one
 * @param fraction share of the whole run's work that is done, 0 to 1
 */
public record Progress(
    int unit,
    int units,
    String name,
    int iteration,
    int iterations,
    double loss,
    Duration elapsed,
    Optional<Duration> remaining,
    double fraction) {}
