package dev.ashlar.tornado;

import dev.ashlar.nn.device.DeviceException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/** Makes one sentence of what TornadoVM throws: exceptions, and errors, of several packages. */
final class DeviceFaults {
  private static final String TORNADO = "uk.ac.manchester.tornado.";

  /** Longer ones are dumps. */
  private static final int LONGEST = 300;

  private DeviceFaults() {}

  /**
   * Does {@code work}.
   *
   * @param what is being done, as in "at the head"
   * @throws DeviceException in place of whatever TornadoVM throws
   */
  static <T> T guarded(String what, Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException | Error e) {
      if (isOfDevice(e) && !(e instanceof DeviceException)) {
        throw of(what, e);
      }
      throw e;
    }
  }

  /** Whether it came out of TornadoVM, or of what it calls. */
  static boolean isOfDevice(Throwable t) {
    return Arrays.stream(t.getStackTrace()).anyMatch(f -> f.getClassName().startsWith(TORNADO));
  }

  /**
   * The fault.
   *
   * @param what was being done, as in "at the head"
   */
  static DeviceException of(String what, Throwable t) {
    String said = said(t);
    // Where the driver's compiler fails the task is named, where TornadoVM's own does it is not.
    String where =
        said.contains("task ")
            ? ""
            : "; with ASHLAR_OPTS=-Dtornado.debug=True it says at which task";
    return new DeviceException("TornadoVM failed " + what + ": " + said + where, t);
  }

  /** What the innermost one that says anything says, in one line. */
  static String said(Throwable t) {
    String best = words(t).orElse(t.getClass().getSimpleName());
    for (Throwable cause = t.getCause(); cause != null; cause = cause.getCause()) {
      best = words(cause).orElse(best);
    }
    return best;
  }

  private static Optional<String> words(Throwable t) {
    if (t.getMessage() == null) {
      return Optional.empty();
    }
    String line =
        t.getMessage()
            .replaceAll("\u001b\\[[0-9;]*m", "")
            .replaceAll("\\s+", " ")
            .replaceAll("\\b(?:[a-z]\\w*\\.)+(?=[A-Z])", "")
            .replaceFirst("^\\[(?:WARNING|ERROR)\\] ", "")
            .replaceFirst(" Deoptimizing to sequential execution\\.?$", "")
            .replaceFirst("^Bailout is disabled\\. Reason: ", "")
            .replaceFirst("(?: The internal error is: (.*?))? Stacktrace: .*", ": $1")
            .strip();
    String shown = line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    return shown.isEmpty() ? Optional.empty() : Optional.of(shown.replaceAll("[.;:]+$", ""));
  }
}
