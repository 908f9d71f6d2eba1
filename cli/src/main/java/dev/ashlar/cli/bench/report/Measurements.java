package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that a run of {@code ashlar bench} found out.
 *
 * @param machine facts about the machine and the run: texts, numbers, lists of them
 * @param ceilings what the machine can do at best
 * @param results everything else, in the order in which it was measured
 */
public record Measurements(Map<String, Object> machine, List<Line> ceilings, List<Line> results) {
  /** The key that says what a JSON object is. */
  static final String KIND = "report";

  /** What stands there. */
  static final String BENCH = "ashlar bench";

  /** Ceilings, for what is a group of its own. */
  public static final String CEILINGS = "ceilings";

  /** Everything else. */
  static final String RESULTS = "results";

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

  /** Names of the groups, each once. */
  List<String> groups() {
    return results.stream().map(Line::group).distinct().toList();
  }

  List<Line> of(String group) {
    return results.stream().filter(l -> l.group().equals(group)).toList();
  }

  /** As one JSON object; {@link Reports#read} reads it back. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(KIND, BENCH);
    json.putAll(machine);
    json.put(CEILINGS, facts(ceilings));
    json.put(RESULTS, facts(results));
    return json;
  }

  private List<Object> facts(List<Line> lines) {
    List<Object> all = new ArrayList<>();
    lines.forEach(l -> all.add(l.facts(share(l))));
    return all;
  }

  /** The command's result. */
  public Report report() {
    return new Report(Table.of(this), json());
  }
}
