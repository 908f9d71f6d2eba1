package dev.ashlar.cli.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Reports that nobody measured. */
final class Samples {
  private Samples() {}

  static Line line(String group, String name, String backend, double seconds) {
    return new Line(
        group,
        name,
        backend,
        1,
        "GB/s",
        "reading memory",
        new Spread(0.9 * seconds, seconds, 1.1 * seconds, 3),
        2 / seconds,
        10 * seconds,
        1,
        backend.equals("reference") ? OptionalDouble.empty() : OptionalDouble.of(1e-7));
  }

  static Line ceiling(String backend, double seconds) {
    return line(Measurements.CEILINGS, "reading memory", backend, seconds);
  }

  static Measurements of(List<Line> ceilings, Line... results) {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put(Machine.PROCESSOR, "A Processor");
    machine.put(Machine.JAVA, "25");
    machine.put(Machine.BACKEND, "vector: 512-bit vectors");
    machine.put(Machine.FLAGS, List.of("-Xmx1g"));
    machine.put(Machine.VECTOR_BITS, 512L);
    machine.put(Machine.QUICK, true);
    return new Measurements(machine, ceilings, List.of(results));
  }

  /** One that lacks a line of a group of its own. */
  static Measurements lacking() {
    Measurements plain = plain();
    Line.Key key = new Line.Key("attention", "1 query", "tornado:0", 1);
    return new Measurements(
        plain.machine(),
        plain.ceilings(),
        plain.results(),
        List.of(new Missing(key, "the driver <fell>", true)));
  }

  static Measurements plain() {
    return of(
        List.of(ceiling("java", 1)),
        line("products", "1 row", "reference", 40),
        line("products", "1 row", "vector", 2),
        line("norms", "RMS norm", "vector", 0.5));
  }
}
