package dev.ashlar.engine.evaluate;

import java.util.OptionalDouble;

/**
 * A number that was measured.
 *
 * @param value it
 * @param standardError how far another sample of the same size would typically be from it; empty
 *     where that is not known
 */
public record Figure(double value, OptionalDouble standardError) {
  /** A number whose standard error is known unless it is not finite. */
  public static Figure of(double value, double standardError) {
    return new Figure(
        value,
        Double.isFinite(standardError) ? OptionalDouble.of(standardError) : OptionalDouble.empty());
  }
}
