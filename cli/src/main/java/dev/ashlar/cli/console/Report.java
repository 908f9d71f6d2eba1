package dev.ashlar.cli.console;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A command's result in its two forms.
 *
 * @param text lines for people; may be empty when everything was already printed
 * @param json one object for machines: strings, numbers, booleans, lists and maps
 * @param status that the command ends with
 */
public record Report(String text, Map<String, Object> json, int status) {
  public Report {
    json = finite(json);
  }

  /** The result of a command that ends well. */
  public Report(String text, Map<String, Object> json) {
    this(text, json, 0);
  }

  /** JSON has no infinities and no NaN: they become {@code null}. */
  private static Map<String, Object> finite(Map<String, Object> map) {
    Map<String, Object> result = new LinkedHashMap<>();
    map.forEach((k, v) -> result.put(k, finiteValue(v)));
    return result;
  }

  private static Object finiteValue(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> result = new LinkedHashMap<>();
      map.forEach((k, v) -> result.put((String) k, finiteValue(v)));
      return result;
    }
    if (value instanceof List<?> list) {
      List<Object> result = new ArrayList<>();
      list.forEach(v -> result.add(finiteValue(v)));
      return result;
    }
    boolean number = value instanceof Double || value instanceof Float;
    return number && !Double.isFinite(((Number) value).doubleValue()) ? null : value;
  }
}
