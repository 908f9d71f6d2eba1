package dev.ashlar.cli.bench.report;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Reads what {@link Measurements#json} wrote, on this machine or another: nothing in it is taken on
 * trust.
 */
public final class Reports {
  private static final long MOST_BYTES = 16L << 20;
  private static final int LONGEST = 200;
  private static final int LONGEST_REASON = 4000;
  private static final String RESULTS = Measurements.RESULTS;

  private final String file;

  private Reports(String file) {
    this.file = file;
  }

  /**
   * The report in a file.
   *
   * @throws InputException if it cannot be read or is none
   */
  public static Measurements read(Path file) {
    Object value = Json.read(file, MOST_BYTES);
    return of(value, file.toString());
  }

  /**
   * The report that a JSON value is.
   *
   * @param file what to call it in messages
   * @throws InputException if it is none
   */
  public static Measurements of(Object value, String file) {
    return new Reports(file).measurements(value);
  }

  private Measurements measurements(Object value) {
    if (!(value instanceof Map<?, ?> json)
        || !Measurements.BENCH.equals(json.get(Measurements.KIND))) {
      throw InputException.in(file)
          .problem("is not a report of ashlar bench")
          .hint("make one with ashlar bench --report FOLDER or ashlar bench --json")
          .exception();
    }
    Map<String, Object> machine = new LinkedHashMap<>();
    json.forEach((key, fact) -> machine.put(shown((String) key), fact(fact)));
    machine
        .keySet()
        .removeAll(Set.of(Measurements.KIND, Measurements.CEILINGS, RESULTS, Measurements.MISSING));
    return new Measurements(
        machine, lines(json, Measurements.CEILINGS), lines(json, RESULTS), missing(json));
  }

  /** Reports of earlier versions have none. */
  private List<Missing> missing(Map<?, ?> json) {
    Object value = json.get(Measurements.MISSING);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw fault(Measurements.MISSING, "a list", value);
    }
    List<Missing> all = new ArrayList<>();
    for (Object each : list) {
      String place = Measurements.MISSING + "[" + all.size() + "]";
      if (!(each instanceof Map<?, ?> facts)) {
        throw fault(place, "an object", each);
      }
      all.add(
          new Missing(
              key(facts, place),
              text(facts, "reason", place, LONGEST_REASON),
              Boolean.TRUE.equals(facts.get("failed"))));
    }
    return List.copyOf(all);
  }

  private Line.Key key(Map<?, ?> facts, String place) {
    return new Line.Key(
        text(facts, "group", place),
        text(facts, "name", place),
        text(facts, "backend", place),
        count(facts, "threads", place));
  }

  private List<Line> lines(Map<?, ?> json, String key) {
    if (!(json.get(key) instanceof List<?> list)) {
      throw fault(key, "a list", json.get(key));
    }
    List<Line> lines = new ArrayList<>();
    Set<Line.Key> seen = new HashSet<>();
    for (int i = 0; i < list.size(); i++) {
      String place = key + "[" + i + "]";
      if (!(list.get(i) instanceof Map<?, ?> facts)) {
        throw fault(place, "an object", list.get(i));
      }
      Line line = line(facts, place);
      if (!seen.add(line.key())) {
        throw InputException.in(file).place(place).problem("is there twice").exception();
      }
      lines.add(line);
    }
    return List.copyOf(lines);
  }

  private Line line(Map<?, ?> facts, String place) {
    double median = positive(facts, "seconds", place);
    Spread spread =
        new Spread(
            positive(facts, "minSeconds", place),
            median,
            positive(facts, "maxSeconds", place),
            count(facts, "rounds", place));
    if (spread.min() > median || median > spread.max()) {
      throw fault(place + ".seconds", "a time between the least and the most", median);
    }
    return new Line(
        text(facts, "group", place),
        text(facts, "name", place),
        text(facts, "backend", place),
        count(facts, "threads", place),
        text(facts, "unit", place),
        text(facts, "ceiling", place),
        spread,
        positive(facts, "rate", place),
        positive(facts, "firstSeconds", place),
        positive(facts, "warmUpSeconds", place),
        facts.get("relativeL2") == null
            ? OptionalDouble.empty()
            : OptionalDouble.of(number(facts, "relativeL2", place)),
        transfer(facts, place));
  }

  /** Reports of earlier versions have none. */
  private Optional<Transfer> transfer(Map<?, ?> facts, String place) {
    if (facts.get("toDeviceSeconds") == null && facts.get("fromDeviceSeconds") == null) {
      return Optional.empty();
    }
    return Optional.of(
        new Transfer(
            number(facts, "toDeviceSeconds", place), number(facts, "fromDeviceSeconds", place)));
  }

  private String text(Map<?, ?> facts, String key, String place) {
    return text(facts, key, place, LONGEST);
  }

  private String text(Map<?, ?> facts, String key, String place, int longest) {
    if (!(facts.get(key) instanceof String text) || text.length() > longest) {
      throw fault(place + "." + key, "a text", facts.get(key));
    }
    return shown(text);
  }

  private double number(Map<?, ?> facts, String key, String place) {
    if (!(facts.get(key) instanceof Number n) || !(n.doubleValue() >= 0)) {
      throw fault(place + "." + key, "a number", facts.get(key));
    }
    return n.doubleValue();
  }

  private double positive(Map<?, ?> facts, String key, String place) {
    double value = number(facts, key, place);
    if (!(value > 0) || Double.isInfinite(value)) {
      throw fault(place + "." + key, "a number above 0", value);
    }
    return value;
  }

  private int count(Map<?, ?> facts, String key, String place) {
    if (!(facts.get(key) instanceof Long n) || n < 1 || n > Integer.MAX_VALUE) {
      throw fault(place + "." + key, "a whole number from 1", facts.get(key));
    }
    return n.intValue();
  }

  /** Facts are shown, never computed with: texts, numbers, and lists of them. */
  private static Object fact(Object value) {
    return switch (value) {
      case String s -> shown(s);
      case List<?> list -> list.stream().map(v -> shown(String.valueOf(v))).toList();
      case Map<?, ?> map -> shown(map.toString());
      case null -> "";
      default -> value;
    };
  }

  /** Without what could turn or erase a terminal's text. */
  private static String shown(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]", "\ufffd");
  }

  private InputException fault(String place, String expected, Object found) {
    return InputException.in(file)
        .place(place)
        .expected(expected)
        .found(Json.describe(found))
        .hint("make the report again with this version of ashlar bench")
        .exception();
  }
}
