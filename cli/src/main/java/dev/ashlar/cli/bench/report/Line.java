package dev.ashlar.cli.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One thing that was measured.
 *
 * @param group what it is measured beside
 * @param name what is done, on which sizes
 * @param backend whose kernel does it
 * @param unit of its rate
 * @param ceiling what bounds it: the name of a line of the ceilings
 * @param seconds of a call once everything is compiled
 * @param rate billions of the unit's operations or bytes a second, at the median
 * @param firstSeconds of the first call in the process: interpreted and compiled on the way, unless
 *     a line before it runs the same code
 * @param warmUpSeconds from there until the compiler rested
 * @param relativeL2 distance of the answer from the reference's, before it was timed; empty where
 *     there is no reference's answer
 * @param transfer ways to and from a device, where they are measured apart
 */
public record Line(
    String group,
    String name,
    String backend,
    int threads,
    String unit,
    String ceiling,
    Spread seconds,
    double rate,
    double firstSeconds,
    double warmUpSeconds,
    OptionalDouble relativeL2,
    Optional<Transfer> transfer) {

  /** One whose operands travel nowhere. */
  public Line(
      String group,
      String name,
      String backend,
      int threads,
      String unit,
      String ceiling,
      Spread seconds,
      double rate,
      double firstSeconds,
      double warmUpSeconds,
      OptionalDouble relativeL2) {
    this(
        group,
        name,
        backend,
        threads,
        unit,
        ceiling,
        seconds,
        rate,
        firstSeconds,
        warmUpSeconds,
        relativeL2,
        Optional.empty());
  }

  /** What tells it from the other lines of its report. */
  public record Key(String group, String name, String backend, int threads) {
    @Override
    public String toString() {
      return group + ": " + name + ", " + backend + ", " + Line.threads(threads);
    }
  }

  Key key() {
    return new Key(group, name, backend, threads);
  }

  /** The same measured by a backend of another name. */
  public Line by(String other) {
    return new Line(
        group,
        name,
        other,
        threads,
        unit,
        ceiling,
        seconds,
        rate,
        firstSeconds,
        warmUpSeconds,
        relativeL2,
        transfer);
  }

  /** The rate of a round that took so long. */
  double rateAt(double roundSeconds) {
    return rate * seconds.median() / roundSeconds;
  }

  static String threads(int n) {
    return n == 1 ? "1 thread" : n + " threads";
  }

  /**
   * For JSON.
   *
   * @param share of its ceiling; not a number where it has none
   */
  Map<String, Object> facts(double share) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", group);
    facts.put("name", name);
    facts.put("backend", backend);
    facts.put("threads", (long) threads);
    facts.put("seconds", seconds.median());
    facts.put("minSeconds", seconds.min());
    facts.put("maxSeconds", seconds.max());
    facts.put("rounds", (long) seconds.rounds());
    facts.put("firstSeconds", firstSeconds);
    facts.put("warmUpSeconds", warmUpSeconds);
    facts.put("relativeL2", relativeL2.isPresent() ? relativeL2.getAsDouble() : null);
    facts.put("toDeviceSeconds", transfer.map(Transfer::toDevice).orElse(null));
    facts.put("fromDeviceSeconds", transfer.map(Transfer::fromDevice).orElse(null));
    facts.put("rate", rate);
    facts.put("unit", unit);
    facts.put("ceiling", ceiling);
    facts.put("shareOfCeiling", share);
    return facts;
  }
}
