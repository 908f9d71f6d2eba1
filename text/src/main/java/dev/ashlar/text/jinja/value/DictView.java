package dev.ashlar.text.jinja.value;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/** What {@code keys()}, {@code values()} and {@code items()} of a mapping give. */
public record DictView(Map<?, ?> map, Part part) implements PythonObject {
  /** Which part of the mapping it shows. */
  public enum Part {
    KEYS("dict_keys"),
    VALUES("dict_values"),
    ITEMS("dict_items");

    private final String type;

    Part(String type) {
      this.type = type;
    }
  }

  /** Its elements, one after the other. */
  Iterator<?> iterator() {
    return part == Part.ITEMS
        ? map.entrySet().stream().map(e -> Tuple.of(e.getKey(), e.getValue())).iterator()
        : elements().iterator();
  }

  /** Its elements. */
  public Collection<?> elements() {
    return switch (part) {
      case KEYS -> map.keySet();
      case VALUES -> map.values();
      case ITEMS -> map.entrySet().stream().map(e -> Tuple.of(e.getKey(), e.getValue())).toList();
    };
  }

  @Override
  public String typeName() {
    return part.type;
  }
}
