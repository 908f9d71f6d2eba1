package dev.ashlar.text.jinja.value;

/**
 * A value that is not there: prints as nothing, is false and empty, and fails in whatever else is
 * done with it.
 *
 * @param problem what to say then
 */
public record Undefined(String problem) implements PythonObject {
  /** A variable that nobody set. */
  public static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  /** An attribute that an object does not have. */
  public static Undefined attribute(Object object, String name) {
    return new Undefined(owner(object) + " has no attribute '" + name + "'");
  }

  /** An element that an object does not have. */
  public static Undefined item(Object object, Object key) {
    return key instanceof String name
        ? attribute(object, name)
        : new Undefined(owner(object) + " has no element " + Values.brief(key));
  }

  private static String owner(Object object) {
    return object == null ? "'None'" : "'" + Values.typeName(object) + " object'";
  }

  /** The failure of using it. */
  public TemplateException fault() {
    return new TemplateException(problem);
  }

  @Override
  public String typeName() {
    return "Undefined";
  }

  @Override
  public String repr(Rendering rendering) {
    return "Undefined";
  }
}
