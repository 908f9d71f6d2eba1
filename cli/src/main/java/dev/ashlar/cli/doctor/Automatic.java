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

  /** Milliseconds of a second. */
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
            ? "takes " + s.device() + " where a text is the sooner done; measured of 4-bit blocks"
            : "takes no device: "
                + s.device()
                + " was slower at all that was measured, of 4-bit blocks");
    s.sizes().forEach(size -> lines.add(line(size)));
    return lines;
  }

  private static String line(Size size) {
    return String.format(
        Locale.ROOT,
        "of %.0f million weights each: a token %s, one of a prompt %s; %s",
        size.weights() / 1e6,
        pair(size.token()),
        pair(size.prompt()),
        start(size));
  }

  private static String pair(Seconds s) {
    return Figures.significant(MILLI * s.device())
        + " ms (processor "
        + Figures.significant(MILLI * s.processor())
        + ")";
  }

  /** What comes before the first token, and by how many it is won back, whatever the blocks. */
  private static String start(Size size) {
    String start = Figures.seconds(size.start()) + " to start";
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
