package dev.ashlar.engine.job;

import dev.ashlar.io.AshlarException;
import dev.ashlar.nn.device.DeviceException;
import dev.ashlar.nn.generate.NotFiniteException;
import dev.ashlar.tuning.calibration.CalibrationException;
import dev.ashlar.tuning.method.TuningException;
import dev.ashlar.tuning.work.WorkFolderException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CancellationException;
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
   * @throws CancellationException in place of a fault of a file that was closed because the thread
   *     was interrupted
   */
  public static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (TuningException
        | CalibrationException
        | WorkFolderException
        | NotFiniteException
        | DeviceException e) {
      requireUninterrupted(e);
      throw new RunException(e);
    } catch (AshlarException e) {
      requireUninterrupted(e);
      throw e;
    }
  }

  private static void requireUninterrupted(RuntimeException fault) {
    for (Throwable t = fault.getCause(); t != null; t = t.getCause()) {
      if (t instanceof ClosedByInterruptException) {
        CancellationException ended =
            new CancellationException("interrupted: " + fault.getMessage());
        ended.initCause(fault);
        throw ended;
      }
    }
  }
}
