package dev.ashlar.tuning;

import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.UnitTask;
import java.time.Duration;

/** A method of a test's, which says what it does to a unit, and more only where that matters. */
@SuppressWarnings("exports") // tests only
public interface StubQuantizer extends BlockQuantizer {
  @Override
  default boolean needsInputs() {
    return true;
  }

  @Override
  default boolean needsTargets() {
    return false;
  }

  @Override
  default String describe() {
    return "stub";
  }

  @Override
  default Duration estimate(UnitTask sample, int batches) {
    return Duration.ZERO;
  }
}
