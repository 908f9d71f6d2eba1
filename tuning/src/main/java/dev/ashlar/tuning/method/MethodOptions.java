package dev.ashlar.tuning.method;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Options of a method by name, as a command line or a configuration file gives them. Dashes and
 * underscores in names are the same.
 */
public final class MethodOptions {
  private final Map<String, String> values;

  private MethodOptions(Map<String, String> values) {
    this.values = values;
  }

  /** Nothing set: every option has its default. */
  public static MethodOptions none() {
    return new MethodOptions(Map.of());
  }

  /** Options with these values. */
  public static MethodOptions of(Map<String, String> values) {
    Map<String, String> spelled = new HashMap<>();
    values.forEach((name, value) -> spelled.put(spelled(name), value));
    return new MethodOptions(spelled);
  }

  /** What is set, by names with underscores. */
  public Map<String, String> values() {
    return new TreeMap<>(values);
  }

  /** The same, and what {@code others} have of what is not set here. */
  public MethodOptions over(Map<String, String> others) {
    Map<String, String> all = new HashMap<>(of(others).values);
    all.putAll(values);
    return new MethodOptions(all);
  }

  /** The same without {@code name}. */
  public MethodOptions without(String name) {
    Map<String, String> left = new HashMap<>(values);
    left.remove(spelled(name));
    return new MethodOptions(left);
  }

  private static String spelled(String name) {
    return name.replace('-', '_');
  }

  /** Whether {@code name} was set. */
  public boolean has(String name) {
    return values.containsKey(spelled(name));
  }

  /** The integer {@code name}, or {@code fallback} if it was not set. */
  public int integer(String name, int fallback) {
    String v = values.get(spelled(name));
    try {
      return v == null ? fallback : Integer.parseInt(v.strip());
    } catch (NumberFormatException e) {
      throw wrong(name, v, "an integer");
    }
  }

  /** The number {@code name}, or {@code fallback} if it was not set. */
  public double real(String name, double fallback) {
    String v = values.get(spelled(name));
    try {
      double d = v == null ? fallback : Double.parseDouble(v.strip());
      if (v != null && !Double.isFinite(d)) {
        throw wrong(name, v, "a finite number");
      }
      return d;
    } catch (NumberFormatException e) {
      throw wrong(name, v, "a number");
    }
  }

  /** The truth value {@code name}, or {@code fallback} if it was not set. */
  public boolean flag(String name, boolean fallback) {
    String v = values.get(spelled(name));
    if (v == null) {
      return fallback;
    }
    return switch (v.strip().toLowerCase(Locale.ROOT)) {
      case "true", "yes", "1", "" -> true;
      case "false", "no", "0" -> false;
      default -> throw wrong(name, v, "true or false");
    };
  }

  /** Whether {@code name} was set to the word {@code value}. */
  public boolean is(String name, String value) {
    String v = values.get(spelled(name));
    return v != null && v.strip().equalsIgnoreCase(value);
  }

  private static IllegalArgumentException wrong(String name, String value, String expected) {
    return new IllegalArgumentException(
        "option " + name + " takes " + expected + ", found '" + value + "'");
  }

  /**
   * Refuses options that the method does not have.
   *
   * @throws IllegalArgumentException naming them and those that there are
   */
  public void requireKnown(String method, List<Method.Option> known) {
    List<String> names = known.stream().map(Method.Option::name).toList();
    for (String name : values.keySet()) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "method "
                + method
                + " has no option "
                + name
                + (names.isEmpty() ? "" : "; it has " + String.join(", ", names)));
      }
    }
  }
}
