package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Two reports, of two machines or two versions, line by line. */
public final class Comparison {
  /** A line that both have. */
  private record Pair(Line a, Line b) {
    /** How many times as fast the second is. */
    double ratio() {
      return a.seconds().median() / b.seconds().median();
    }

    /** Whether each round of one was faster than every round of the other. */
    boolean apart() {
      return !a.seconds().overlaps(b.seconds());
    }
  }

  /** Facts that say what was compared, in the order in which they are shown. */
  private static final List<String> FACTS =
      List.of(
          Machine.PROCESSOR,
          Machine.PROCESSORS,
          Machine.THREADS,
          Machine.SYSTEM,
          Machine.JAVA,
          Machine.BACKEND,
          Machine.DEVICE,
          Machine.WIDTHS,
          Machine.QUICK,
          Machine.DATE);

  private final List<String> names;
  private final List<Measurements> both;
  private final List<Pair> pairs = new ArrayList<>();
  private final List<Line.Key> onlyA = new ArrayList<>();
  private final List<Line.Key> onlyB;

  private Comparison(List<String> names, List<Measurements> both) {
    this.names = names;
    this.both = both;
    Map<Line.Key, Line> second = new LinkedHashMap<>();
    lines(both.getLast()).forEach(l -> second.put(l.key(), l));
    lines(both.getFirst())
        .forEach(
            a -> {
              Line b = second.remove(a.key());
              if (b == null) {
                onlyA.add(a.key());
              } else {
                pairs.add(new Pair(a, b));
              }
            });
    this.onlyB = List.copyOf(second.keySet());
  }

  /**
   * Lays reports side by side.
   *
   * @param names what to call them
   * @param both two of them
   */
  public static Report of(List<String> names, List<Measurements> both) {
    Comparison c = new Comparison(names, both);
    return new Report(c.text(), c.json());
  }

  private static Stream<Line> lines(Measurements all) {
    return Stream.concat(all.ceilings().stream(), all.results().stream());
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    row(text, "report", names.getFirst(), names.getLast());
    for (String fact : FACTS) {
      Object a = both.getFirst().machine().get(fact);
      Object b = both.getLast().machine().get(fact);
      if (a != null || b != null) {
        row(text, fact, Objects.toString(a, "–"), Objects.toString(b, "–"));
      }
    }
    text.append(
        pairs.isEmpty()
            ? "\nNo line is in both.\n"
            : "\nRatio: how many times as fast B is, by the medians.\n"
                + "* Each round of one was faster than every round of the other.\n");
    String group = null;
    for (Pair p : pairs) {
      if (!p.a().group().equals(group)) {
        group = p.a().group();
        text.append(
            String.format(Locale.ROOT, "\n%-57s %10s %10s %7s\n", group, "A", "B", "ratio"));
      }
      text.append(line(p)).append('\n');
    }
    only(text, "only in A", onlyA, both.getLast());
    only(text, "only in B", onlyB, both.getFirst());
    return text.toString();
  }

  /** One below the other: names of processors are longer than half a terminal. */
  private static void row(StringBuilder text, String name, String a, String b) {
    if (a.equals(b)) {
      text.append(String.format(Locale.ROOT, "%-12s%s\n", name, a));
    } else {
      text.append(String.format(Locale.ROOT, "%-12sA %s\n%-12sB %s\n", name, a, "", b));
    }
  }

  private static String line(Pair p) {
    return String.format(
            Locale.ROOT,
            "  %-36s %-10s %3d thr %10s %10s %7s %s",
            p.a().name(),
            p.a().backend(),
            p.a().threads(),
            Table.duration(p.a().seconds().median()),
            Table.duration(p.b().seconds().median()),
            String.format(Locale.ROOT, "%.2f", p.ratio()),
            p.apart() ? "*" : "")
        .stripTrailing();
  }

  /** Lines of one report, and why the other one has them not, if it says so. */
  private static void only(
      StringBuilder text, String title, List<Line.Key> keys, Measurements other) {
    if (!keys.isEmpty()) {
      text.append('\n').append(title).append('\n');
      for (Line.Key k : keys) {
        text.append("  ").append(k);
        missing(k, other).ifPresent(m -> text.append(" (").append(m.text()).append(')'));
        text.append('\n');
      }
    }
  }

  private static Optional<Missing> missing(Line.Key key, Measurements in) {
    return in.missing().stream().filter(m -> m.key().equals(key)).findFirst();
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("a", side(0));
    json.put("b", side(1));
    json.put("lines", pairs.stream().map(Comparison::facts).toList());
    json.put("onlyInA", onlyA.stream().map(Comparison::facts).toList());
    json.put("onlyInB", onlyB.stream().map(Comparison::facts).toList());
    return json;
  }

  private Map<String, Object> side(int i) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("file", names.get(i));
    facts.putAll(both.get(i).machine());
    return facts;
  }

  private static Map<String, Object> facts(Line.Key key) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", key.group());
    facts.put("name", key.name());
    facts.put("backend", key.backend());
    facts.put("threads", (long) key.threads());
    return facts;
  }

  private static Map<String, Object> facts(Pair p) {
    Map<String, Object> facts = facts(p.a().key());
    facts.put("secondsA", p.a().seconds().median());
    facts.put("secondsB", p.b().seconds().median());
    facts.put("ratio", p.ratio());
    facts.put("apart", p.apart());
    return facts;
  }
}
