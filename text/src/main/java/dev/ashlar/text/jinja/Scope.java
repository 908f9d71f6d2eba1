package dev.ashlar.text.jinja;

import dev.ashlar.text.jinja.value.PythonObject;
import java.util.HashMap;
import java.util.Map;

/** Variables, and those around them. */
final class Scope {
  private final Scope outer;
  private final int depth;
  private Map<String, Object> variables;

  Scope(Scope outer) {
    this.outer = outer;
    this.depth = outer == null ? 0 : outer.depth + 1;
  }

  /** The value of a variable here or further out; {@link PythonObject#MISSING} if there is none. */
  Object get(String name) {
    for (Scope s = this; s != null; s = s.outer) {
      if (s.variables != null) {
        Object value = s.variables.get(name);
        if (value != null || s.variables.containsKey(name)) {
          return value;
        }
      }
    }
    return PythonObject.MISSING;
  }

  /** How many scopes are around this one. */
  int depth() {
    return depth;
  }

  /** Sets a variable here. */
  void set(String name, Object value) {
    if (variables == null) {
      variables = new HashMap<>();
    }
    variables.put(name, value);
  }
}
