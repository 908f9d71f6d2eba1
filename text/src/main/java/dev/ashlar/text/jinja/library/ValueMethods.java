package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.DictView;
import dev.ashlar.text.jinja.value.DictView.Part;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.PythonObject;
import dev.ashlar.text.jinja.value.Range;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Methods of values. Those that change a value are refused: the sandbox is immutable. */
final class ValueMethods {
  private static final Map<String, Filter> TEXT = TextMethods.all();
  private static final Map<String, Filter> MAPPING =
      Map.of(
          "get", ValueMethods::get,
          "items", (r, v, a) -> view("items", v, Part.ITEMS, a),
          "keys", (r, v, a) -> view("keys", v, Part.KEYS, a),
          "values", (r, v, a) -> view("values", v, Part.VALUES, a),
          "copy", ValueMethods::copy);
  private static final Map<String, Filter> SEQUENCE =
      Map.of("count", ValueMethods::count, "index", ValueMethods::index);
  private static final Map<String, Filter> LIST = lists();
  private static final Map<String, Filter> NUMBER =
      Map.of(
          "is_integer", (r, v, a) -> !(v instanceof Double d) || d == Math.rint(d),
          "bit_length",
              (r, v, a) -> v instanceof Long n ? 64L - Long.numberOfLeadingZeros(Math.abs(n)) : 0L);

  private static final Set<String> CHANGES_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> CHANGES_MAPPING =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private ValueMethods() {}

  private static Map<String, Filter> lists() {
    Map<String, Filter> all = new HashMap<>(SEQUENCE);
    all.put("copy", ValueMethods::copy);
    return Map.copyOf(all);
  }

  /** The method of a value, bound to it; undefined if it would change the value; or null. */
  static Object of(Object value, String name) {
    Filter method =
        switch (value) {
          case String s -> TEXT.get(name);
          case Markup m -> TEXT.get(name);
          case Map<?, ?> m -> MAPPING.get(name);
          case List<?> l -> LIST.get(name);
          case Tuple t -> SEQUENCE.get(name);
          case Range t -> SEQUENCE.get(name);
          case Number n -> NUMBER.get(name);
          case null -> null;
          default -> null;
        };
    if (method != null) {
      return new Bound(value, name, method);
    }
    boolean changes =
        value instanceof List && CHANGES_LIST.contains(name)
            || value instanceof Map && CHANGES_MAPPING.contains(name);
    return changes
        ? new Undefined(
            "'"
                + name
                + "' would change a "
                + Values.typeName(value)
                + ", which the sandbox does not allow")
        : null;
  }

  /** A method with its value. */
  private record Bound(Object self, String name, Filter method) implements Callable {
    @Override
    public Object call(Rendering rendering, Arguments arguments) {
      return method.apply(rendering, self, arguments);
    }

    @Override
    public String typeName() {
      return "builtin_function_or_method";
    }

    @Override
    public String repr(Rendering rendering) {
      return "<built-in method " + name + " of " + Values.typeName(self) + " object>";
    }
  }

  private static Object get(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("get()", "key", "default?");
    Object found = Values.lookup((Map<?, ?>) value, a.get(0), r.budget());
    return found == PythonObject.MISSING ? a.get(1) : found;
  }

  private static Object copy(Rendering r, Object value, Arguments arguments) {
    arguments.bind("copy()");
    r.budget().elements(Values.length(value, r));
    return value instanceof Map<?, ?> map
        ? new LinkedHashMap<>(map)
        : new ArrayList<>((List<?>) value);
  }

  private static Object view(String name, Object value, Part part, Arguments arguments) {
    arguments.bind(name + "()");
    return new DictView((Map<?, ?>) value, part);
  }

  private static Object count(Rendering r, Object value, Arguments arguments) {
    Object wanted = arguments.bind("count()", "value").get(0);
    long count = 0;
    for (Object item : Values.sequence(value)) {
      count += Values.equal(item, wanted, r) ? 1 : 0;
    }
    return count;
  }

  private static Object index(Rendering r, Object value, Arguments arguments) {
    Object wanted = arguments.bind("index()", "value").get(0);
    List<Object> items = Values.sequence(value);
    for (int i = 0; i < items.size(); i++) {
      if (Values.equal(items.get(i), wanted, r)) {
        return (long) i;
      }
    }
    throw new TemplateException("index() found no such value");
  }
}
