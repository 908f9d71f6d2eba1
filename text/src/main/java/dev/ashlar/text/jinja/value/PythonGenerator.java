package dev.ashlar.text.jinja.value;

import java.util.Iterator;

/** Elements made while somebody asks for them, and only once. */
public final class PythonGenerator implements PythonObject {
  private final String type;
  private final Iterator<Object> iterator;

  /**
   * A generator.
   *
   * @param type how its type is called
   */
  public PythonGenerator(String type, Iterator<Object> iterator) {
    this.type = type;
    this.iterator = iterator;
  }

  /** A generator of the usual type. */
  public PythonGenerator(Iterator<Object> iterator) {
    this("generator", iterator);
  }

  /** What is left of it. */
  public Iterator<Object> iterator() {
    return iterator;
  }

  @Override
  public String typeName() {
    return type;
  }
}
