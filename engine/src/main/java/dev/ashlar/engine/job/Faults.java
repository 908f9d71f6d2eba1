package dev.ashlar.engine.job;

import dev.ashlar.nn.generate.NotFiniteException;
import dev.ashlar.tuning.calibration.CalibrationException;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.work.WorkFolderException;
import java.util.function.Supplier;

/**
 * Brings the faults of the modules for tuning and networks, which know none of ours, under the one
 * supertype of all faults.
 */
public final class Faults {
  private Faults() {}

  /**
   * Does {@code work}.
   *
   * @throws RunException in place of those modules' exceptions
   */
  public static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (TuningException | CalibrationException | WorkFolderException | NotFiniteException e) {
      throw new RunException(e);
    }
  }
}
