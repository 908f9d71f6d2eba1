package dev.ashlar.cli.bench.report;

import dev.ashlar.engine.device.Surroundings;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.lang.management.ManagementFactory;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a reader must know of the machine and the run before comparing figures. */
public final class Machine {
  static final String DATE = "date";
  static final String PROCESSOR = "processor";
  static final String SYSTEM = "system";
  static final String JAVA = "java";
  static final String FLAGS = "javaFlags";
  static final String BACKEND = "backend";
  static final String VECTOR_BITS = "vectorBits";

  /** Widths of vectors, in bits, that were measured in turn. */
  public static final String WIDTHS = "widths";

  /** The device that was measured beside the processor, and what drives it. */
  public static final String DEVICE = "device";

  /** Seconds that each line of the device might take. */
  public static final String LINE_SECONDS = "secondsOfDeviceLine";

  /** Seconds that all of the run might take, where that was said. */
  public static final String TIME = "seconds";

  static final String PROCESSORS = "processors";
  static final String THREADS = "threads";
  static final String QUICK = "quick";

  /** Flags that only say where something lies, or that nobody sees. */
  private static final List<String> SILENT =
      List.of("-Dashlar.home", "-Dashlar.std", "-Dashlar.command");

  private Machine() {}

  /** Facts of this process's machine, for JSON. */
  public static Map<String, Object> facts(boolean quick) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put(DATE, OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put(PROCESSOR, Surroundings.processor());
    facts.put(SYSTEM, System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.put(JAVA, System.getProperty("java.vm.vendor") + " " + Runtime.version());
    facts.put(FLAGS, flags());
    facts.put(BACKEND, Backends.reason());
    facts.put(VECTOR_BITS, (long) vectorBits());
    facts.put(PROCESSORS, (long) Runtime.getRuntime().availableProcessors());
    facts.put(THREADS, (long) Parallel.threads());
    facts.put(QUICK, quick);
    return facts;
  }

  /** Bits of the vectors that this process computes with; of a float by the reference. */
  public static int vectorBits() {
    return Float.SIZE * Backends.chosen().probe().width();
  }

  private static List<String> flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(f -> f.startsWith("-X") || f.startsWith("-Dashlar."))
        .filter(f -> !f.startsWith("-XX:SharedArchiveFile") && !f.startsWith("-Xlog"))
        .filter(f -> !f.equals("-XX:CompileCommand=quiet"))
        .filter(f -> SILENT.stream().noneMatch(f::startsWith))
        .toList();
  }
}
