package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All that a run of {@code ashlar bench} found out.
 *
 * @param machine facts about the machine and the run: texts, numbers, lists of them
 * @param ceilings what the machine can do at best
 * @param results everything else, in the order in which it was measured
 * @param missing lines that were asked for and are in neither, with the reasons
 */
public record Measurements(
    Map<String, Object> machine, List<Line> ceilings, List<Line> results, List<Missing> missing) {
  /** The key that says what a JSON object is. */
  static final String KIND = "report";

  /** What stands there. */
  static final String BENCH = "ashlar bench";

  /** Ceilings, for what is a group of its own. */
  public static final String CEILINGS = "ceilings";

  /** Everything else. */
  static final String RESULTS = "results";

  /** What is in neither. */
  static final String MISSING = "notMeasured";

  /** A run that measured all that was asked for. */
  public Measurements(Map<String, Object> machine, List<Line> ceilings, List<Line> results) {
    this(machine, ceilings, results, List.of());
  }

  /**
   * How near {@code line} comes to the highest ceiling that bounds it on as many threads; not a
   * number where none was measured. Of several widths of vectors the widest counts for all: what
   * the machine could do does not depend on who uses it.
   */
  double share(Line line) {
    return line.rate() / ceiling(line);
  }

  private double ceiling(Line line) {
    return line.group().equals(CEILINGS)
        ? Double.NaN
        : ceilings.stream()
            .filter(c -> c.name().equals(line.ceiling()) && c.threads() == line.threads())
            .mapToDouble(Line::rate)
            .max()
            .orElse(Double.NaN);
  }

  /** Names of the groups, each once; those of which nothing was measured come last. */
  List<String> groups() {
    return Stream.concat(
            results.stream().map(Line::group),
            missing.stream().map(m -> m.key().group()).filter(g -> !g.equals(CEILINGS)))
        .distinct()
        .toList();
  }

  List<Line> of(String group) {
    return results.stream().filter(l -> l.group().equals(group)).toList();
  }

  List<Missing> missingOf(String group) {
    return missing.stream().filter(m -> m.key().group().equals(group)).toList();
  }

  /** How many lines a device failed at. */
  public int failures() {
    return (int) missing.stream().filter(Missing::failed).count();
  }

  /** As one JSON object; {@link Reports#read} reads it back. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(KIND, BENCH);
    json.putAll(machine);
    json.put(CEILINGS, facts(ceilings));
    json.put(RESULTS, facts(results));
    json.put(MISSING, missing.stream().map(Missing::facts).toList());
    return json;
  }

  private List<Object> facts(List<Line> lines) {
    List<Object> all = new ArrayList<>();
    lines.forEach(l -> all.add(l.facts(share(l))));
    return all;
  }

  /** The command's result, whose status is 1 if a device failed. */
  public Report report() {
    return new Report(Table.of(this), json(), failures() == 0 ? 0 : 1);
  }
}
