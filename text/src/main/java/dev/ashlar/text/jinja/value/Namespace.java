package dev.ashlar.text.jinja.value;

import java.util.LinkedHashMap;
import java.util.Map;

/** The one object whose attributes a template may set. */
public final class Namespace implements PythonObject {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  /** A namespace with these attributes. */
  public Namespace(Map<String, Object> attributes) {
    this.attributes.putAll(attributes);
  }

  /** Sets an attribute. */
  public void set(String name, Object value) {
    attributes.put(name, value);
  }

  @Override
  public String typeName() {
    return "Namespace";
  }

  @Override
  public Object attribute(Rendering rendering, String name) {
    return attributes.containsKey(name) ? attributes.get(name) : MISSING;
  }

  /** Its attributes, for printing. */
  Map<String, Object> attributes() {
    return attributes;
  }
}
