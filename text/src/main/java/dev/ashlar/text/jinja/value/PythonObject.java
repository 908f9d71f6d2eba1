package dev.ashlar.text.jinja.value;

/** A value of a kind that Java has no type for. */
public interface PythonObject {
  /** What {@link #attribute} gives for a name that it does not know. */
  Object MISSING = new Object();

  /** The name of its type, as messages spell it. */
  String typeName();

  /** How it is printed. */
  default String repr(Rendering rendering) {
    return "<" + typeName() + " object>";
  }

  /** An attribute, or {@link #MISSING}. */
  default Object attribute(Rendering rendering, String name) {
    return MISSING;
  }
}
