package dev.ashlar.text.jinja.value;

import java.util.List;

/**
 * Python's tuple.
 *
 * @param items never changed
 * @param names of its elements, as in a named tuple; may be empty
 */
public record Tuple(List<Object> items, List<String> names) implements PythonObject {
  /** A tuple of these. */
  public static Tuple of(Object... items) {
    return new Tuple(java.util.Arrays.asList(items), List.of());
  }

  /** A tuple of these. */
  public static Tuple of(List<Object> items) {
    return new Tuple(items, List.of());
  }

  @Override
  public String typeName() {
    return "tuple";
  }

  @Override
  public Object attribute(Rendering rendering, String name) {
    int i = names.indexOf(name);
    return i < 0 ? MISSING : items.get(i);
  }
}
