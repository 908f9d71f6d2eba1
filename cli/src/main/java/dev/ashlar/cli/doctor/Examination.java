package dev.ashlar.cli.doctor;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.device.SpeedFile;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Availability;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Everything {@code ashlar doctor} finds out. */
public final class Examination {
  private static final Runtime.Version FLOOR = Runtime.Version.parse("25.0.3");

  /** Share of the ceiling below which a kernel counts as collapsed. */
  private static final double COLLAPSED = 0.3;

  private Examination() {}

  /** Looks and measures; takes some seconds. */
  public static Report run(String version) {
    return of(
        version,
        Speed.measured(),
        Automatic.of(Devices.ofProcess(), SpeedFile.read(SpeedFile.ofUser())));
  }

  /** What there is to see, and what was measured. */
  static Report of(String version, Speed speed, Automatic automatic) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("version", version);
    found.put("java", System.getProperty("java.vm.vendor") + " " + Runtime.version());
    found.put("javaHome", System.getProperty("java.home"));
    found.put("javaFlags", flags());
    found.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    Backend backend = Backends.chosen();
    found.put("backend", backend.name());
    found.put("backendReason", Backends.reason());
    found.put("backends", Backends.all().stream().map(Backend::name).toList());
    found.put("candidates", Backends.candidates().stream().map(Examination::candidate).toList());
    found.put(
        "devices", Devices.ofProcess().providers().stream().map(Examination::devices).toList());
    found.put("auto", automatic.facts());
    found.put("processors", Runtime.getRuntime().availableProcessors());
    found.put("threads", Parallel.threads());
    found.put("memoryBytes", Memory.physical());
    found.put("freeMemoryBytes", Memory.free());
    found.put("maxHeapBytes", Runtime.getRuntime().maxMemory());
    found.put("ceilingGflops", round(speed.ceiling()));
    found.put("gflops", round(speed.products()));
    found.put("readGigabytesPerSecond", round(speed.reading()));
    found.put("packedGigabytesPerSecond", round(speed.packed()));
    found.put("packedInt8GigabytesPerSecond", round(speed.rounded()));
    List<String> warnings = new ArrayList<>(warnings());
    collapsed("float products", speed.products() / speed.ceiling()).ifPresent(warnings::add);
    collapsed("4-bit products", speed.packed() / speed.reading()).ifPresent(warnings::add);
    found.put("warnings", warnings);
    return new Report(text(found, automatic), found);
  }

  private static Map<String, Object> candidate(Backends.Candidate c) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", c.name());
    facts.put("used", c.chosen());
    facts.put("reason", c.reason());
    return facts;
  }

  private static Map<String, Object> devices(DeviceProvider provider) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", provider.name());
    facts.put("ready", !(provider.availability() instanceof Availability.Absent));
    facts.put("reason", provider.availability().reason());
    facts.put(
        "devices",
        provider.devices().stream()
            .map(
                d -> {
                  Map<String, Object> device = new LinkedHashMap<>();
                  device.put("index", (long) d.index());
                  device.put("name", d.name());
                  d.memory().ifPresent(bytes -> device.put("memoryBytes", bytes));
                  return device;
                })
            .toList());
    return facts;
  }

  /** What drives devices, and each; why there are none only where a backend's line does not. */
  private static void devices(List<String> lines) {
    List<String> said =
        Backends.candidates().stream().map(Backends.Candidate::reason).distinct().toList();
    for (DeviceProvider p : Devices.ofProcess().providers()) {
      String reason = p.availability().reason();
      if (p.availability() instanceof Availability.Absent) {
        if (!said.contains(reason)) {
          line(lines, "devices", "none of " + p.name() + ": " + reason);
        }
        continue;
      }
      line(lines, "devices", reason + ", by --backend " + p.name() + "[:DEVICE]");
      for (DeviceProvider.Device d : p.devices()) {
        String memory = d.memory().isPresent() ? ", " + Figures.bytes(d.memory().getAsLong()) : "";
        line(lines, "", p.name() + ":" + d.index() + " is " + d.name() + memory);
      }
    }
  }

  /** A line for each backend that is not used, below that of the one that is. */
  private static String unused() {
    return Backends.candidates().stream()
        .filter(c -> !c.chosen())
        .map(c -> "\n" + " ".repeat(10) + c.name() + ", not used: " + c.reason())
        .collect(Collectors.joining());
  }

  private static List<String> flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(f -> !f.startsWith("-Dashlar.home") && !f.startsWith("-Dashlar.std"))
        // TornadoVM's argument file has hundreds.
        .filter(f -> !f.matches("--add-(exports|opens|reads)=.*"))
        .toList();
  }

  private static List<String> warnings() {
    if (Runtime.version().compareToIgnoreOptional(FLOOR) < 0) {
      return List.of(
          "this JDK's garbage collector can corrupt data (JDK-8377811); install 25.0.3 or later");
    }
    return List.of();
  }

  /** A kernel far below what bounds it was not compiled as it should be. */
  private static Optional<String> collapsed(String what, double share) {
    return share >= COLLAPSED
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%s reach only %.0f%% of what the machine can do: the compiler failed on them, or"
                    + " something else keeps the machine busy",
                what,
                100 * share));
  }

  private static double round(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, "%.1f", value));
  }

  private static String text(Map<String, Object> f, Automatic automatic) {
    List<String> lines = new ArrayList<>();
    line(lines, "ashlar", f.get("version") + "");
    line(lines, "java", f.get("java") + " in " + f.get("javaHome"));
    line(lines, "flags", f.get("javaFlags").toString().replaceAll("^\\[|]$", ""));
    line(lines, "system", f.get("system") + ", " + f.get("processors") + " processors");
    line(lines, "backend", f.get("backendReason") + unused());
    devices(lines);
    String name = "auto";
    for (String line : automatic.lines()) {
      line(lines, name, line);
      name = "";
    }
    line(lines, "threads", f.get("threads") + "");
    line(
        lines,
        "memory",
        Figures.bytes((Long) f.get("memoryBytes"))
            + ", of which a heap of up to "
            + Figures.bytes((Long) f.get("maxHeapBytes")));
    line(
        lines,
        "products",
        f.get("gflops")
            + " of "
            + f.get("ceilingGflops")
            + " GFLOP/s (float32, "
            + f.get("threads")
            + " threads)");
    line(
        lines,
        "decoding",
        f.get("packedGigabytesPerSecond")
            + " of "
            + f.get("readGigabytesPerSecond")
            + " GB/s of 4-bit weights from memory, "
            + f.get("packedInt8GigabytesPerSecond")
            + " with --activations int8 (one token; prompts are multiplied as floats)");
    ((List<?>) f.get("warnings")).forEach(w -> line(lines, "warning", w + ""));
    return String.join("\n", lines);
  }

  private static void line(List<String> lines, String name, String text) {
    lines.add(String.format(Locale.ROOT, "%-10s%s", name, text));
  }
}
