package dev.ashlar.engine.harness;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A record of a task's file.
 *
 * @param values by name
 * @param where file and line, for messages
 */
record Fields(Map<String, Object> values, String where) {
  boolean has(String name) {
    return values.containsKey(name);
  }

  Object value(String name) {
    return values.get(name);
  }

  String text(String name) {
    if (!(values.get(name) instanceof String text)) {
      throw fault(name, "text");
    }
    return text;
  }

  List<String> texts(String name) {
    if (!(values.get(name) instanceof List<?> list) || list.isEmpty()) {
      throw fault(name, "a list of texts");
    }
    List<String> texts = new ArrayList<>();
    for (Object entry : list) {
      if (!(entry instanceof String text)) {
        throw fault(name, "a list of texts");
      }
      texts.add(text);
    }
    return texts;
  }

  /** The fields of a field. */
  Fields object(String name) {
    if (!(values.get(name) instanceof Map<?, ?>)) {
      throw fault(name, "an object");
    }
    String inside = where + ": " + name;
    return new Fields(Json.asObject(values.get(name), inside), inside);
  }

  /** An index below {@code count}, as a number or as text. */
  int index(String name, int count) {
    long found = -1;
    Object value = values.get(name);
    if (value instanceof Long n) {
      found = n;
    } else if (value instanceof String text && text.strip().matches("\\d{1,9}")) {
      found = Long.parseLong(text.strip());
    } else if (value instanceof Boolean b) {
      found = b ? 1 : 0;
    }
    if (found < 0 || found >= count) {
      throw fault(name, "the number of the right answer, below " + count);
    }
    return (int) found;
  }

  InputException fault(String name, String expected) {
    return new InputException(
        where
            + ": "
            + name
            + ": expected "
            + expected
            + ", found "
            + (has(name) ? Json.describe(values.get(name)) : "nothing"));
  }
}
