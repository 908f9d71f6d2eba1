package dev.ashlar.text.jinja.value;

/** Something that can be called. */
public interface Callable extends PythonObject {
  /** The value for {@code arguments}. */
  Object call(Rendering rendering, Arguments arguments);

  /**
   * A function under a name.
   *
   * @param name as it is printed
   */
  record Function(String name, Body body) implements Callable {
    /** What it does. */
    @FunctionalInterface
    public interface Body {
      Object call(Rendering rendering, Arguments arguments);
    }

    @Override
    public Object call(Rendering rendering, Arguments arguments) {
      return body.call(rendering, arguments);
    }

    @Override
    public String typeName() {
      return "function";
    }

    @Override
    public String repr(Rendering rendering) {
      return "<function " + name + ">";
    }
  }
}
