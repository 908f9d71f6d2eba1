package dev.ashlar.cli.doctor;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.engine.device.AutomaticDevice;
import dev.ashlar.engine.device.DeviceSpeed;
import dev.ashlar.engine.device.DeviceSpeed.Seconds;
import dev.ashlar.engine.device.DeviceSpeed.Size;
import dev.ashlar.engine.device.SpeedFile;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Availability;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code --backend auto} makes of devices here.
 *
 * @param speed what was measured, if anything was
 * @param hindrance why that says nothing now; empty if it does
 * @param present whether there is a device in this process
 */
record Automatic(Optional<DeviceSpeed> speed, Optional<String> hindrance, boolean present) {
  /** The command that measures. */
  private static final String MEASURE = "'ashlar doctor --measure'";

  /** Words about a pair of figures take so many decimals of a millisecond. */
  private static final double MILLI = 1e3;

  static Automatic of(Devices devices, Optional<DeviceSpeed> speed) {
    return new Automatic(
        speed,
        speed.flatMap(s -> AutomaticDevice.hindrance(s, devices)),
        devices.providers().stream()
            .anyMatch(p -> !(p.availability() instanceof Availability.Absent)));
  }

  /** Whether a device may be taken by itself. */
  private boolean takes() {
    return hindrance.isEmpty() && speed.filter(DeviceSpeed::gains).isPresent();
  }

  /** For people; none where there is nothing to say. */
  List<String> lines() {
    if (speed.isEmpty()) {
      return present
          ? List.of(
              "takes no device: none was measured; " + MEASURE + " does, once, in a minute or two")
          : List.of();
    }
    DeviceSpeed s = speed.get();
    if (hindrance.isPresent()) {
      return List.of("takes no device: " + hindrance.get());
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        takes()
            ? "takes "
                + s.device()
                + " where a text is the sooner done; measured of blocks of 4 bits"
            : "takes no device: "
                + s.device()
                + " was measured, with blocks of 4 bits, and is slower at all");
    s.sizes().forEach(size -> lines.add(line(size)));
    return lines;
  }

  private static String line(Size size) {
    return String.format(
        Locale.ROOT,
        "%.0f million weights: %s, %s of a prompt; %s",
        size.weights() / 1e6,
        pair("a token", size.token()),
        pair("a token", size.prompt()),
        worth(size));
  }

  private static String pair(String what, Seconds s) {
    return what
        + " in "
        + Figures.significant(MILLI * s.device())
        + " ms (processor "
        + Figures.significant(MILLI * s.processor())
        + ")";
  }

  /** From how many tokens on the start has paid, which the number of blocks does not change. */
  private static String worth(Size size) {
    String start = Figures.seconds(size.start()) + " a block to start";
    if (!size.token().gains()) {
      return start;
    }
    double each = size.token().processor() - size.token().device();
    return start
        + ", won back by "
        + Figures.count((long) Math.ceil(size.start() / each))
        + " tokens";
  }

  /** For machines. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("takesDevice", takes());
    hindrance.ifPresent(reason -> facts.put("hindrance", reason));
    speed.ifPresent(s -> facts.put("measured", SpeedFile.facts(s)));
    return facts;
  }
}
