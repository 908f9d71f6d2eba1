package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Callable;
import dev.ashlar.text.jinja.value.Namespace;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.PythonObject;
import dev.ashlar.text.jinja.value.Range;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Values;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that are there without being set: Jinja's and those of transformers. */
final class Functions {
  private Functions() {}

  static Map<String, Callable> all() {
    Map<String, Callable> all = new HashMap<>();
    add(all, "range", Functions::range);
    add(all, "dict", Functions::dict);
    add(all, "namespace", (r, a) -> new Namespace(names(dict(r, a))));
    add(all, "cycler", (r, a) -> new Cycler(a.positional()));
    add(all, "joiner", (r, a) -> new Joiner(a.bind("joiner()", "sep?").text(0, ", ")));
    add(all, "raise_exception", Functions::raise);
    add(
        all,
        "strftime_now",
        (r, a) -> Dates.format(r, a.bind("strftime_now()", "format").text(0, "")));
    return Map.copyOf(all);
  }

  private static void add(Map<String, Callable> all, String name, Callable.Function.Body body) {
    all.put(name, new Callable.Function(name, body));
  }

  private static Object raise(Rendering rendering, Arguments arguments) {
    Object message = arguments.bind("raise_exception()", "message").get(0);
    throw new TemplateException(TemplateException.Kind.RAISED, Printer.str(rendering, message), 0);
  }

  private static Range range(Rendering rendering, Arguments arguments) {
    Arguments.Bound a = arguments.bind("range()", "start", "stop?", "step?");
    long first = whole(a.get(0));
    Range range =
        a.has(1)
            ? new Range(first, whole(a.get(1)), a.has(2) ? whole(a.get(2)) : 1)
            : new Range(0, first, 1);
    if (range.size() > Range.LONGEST) {
      throw Budget.limit("it makes a range of more than " + Range.LONGEST + " numbers");
    }
    return range;
  }

  private static long whole(Object value) {
    Values.refuseUndefined(value);
    if (Numbers.number(value) instanceof Long n) {
      return n;
    }
    throw new TemplateException(
        "'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
  }

  private static Map<Object, Object> dict(Rendering rendering, Arguments arguments) {
    Map<Object, Object> map = new LinkedHashMap<>();
    Object from = new Arguments(arguments.positional(), Map.of()).bind("dict()", "from?").get(0);
    if (from instanceof Map<?, ?> other) {
      map.putAll(other);
    } else if (from != null) {
      Iterator<Object> pairs = Values.iterate(from, rendering);
      while (pairs.hasNext()) {
        List<Object> pair = Values.list(pairs.next(), rendering);
        if (pair.size() != 2) {
          throw new TemplateException("dict() needs pairs, not " + pair.size() + " values");
        }
        Values.put(map, pair.get(0), pair.get(1), rendering.budget());
      }
    }
    map.putAll(arguments.named());
    rendering.budget().elements(map.size());
    return map;
  }

  private static Map<String, Object> names(Map<Object, Object> map) {
    Map<String, Object> names = new LinkedHashMap<>();
    map.forEach((key, value) -> names.put(Values.keyword(key), value));
    return names;
  }

  /** Gives its items in turn. */
  private static final class Cycler implements PythonObject {
    private final List<Object> items;
    private int at;

    Cycler(List<Object> items) {
      if (items.isEmpty()) {
        throw new TemplateException("cycler() needs at least one item");
      }
      this.items = items;
    }

    @Override
    public String typeName() {
      return "Cycler";
    }

    @Override
    public Object attribute(Rendering rendering, String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" -> new Callable.Function("next", (r, a) -> advance());
        case "reset" -> new Callable.Function("reset", (r, a) -> reset());
        default -> MISSING;
      };
    }

    private Object advance() {
      Object item = items.get(at);
      at = (at + 1) % items.size();
      return item;
    }

    private Object reset() {
      at = 0;
      return null;
    }
  }

  /** Nothing the first time it is called, then a separator. */
  private static final class Joiner implements Callable {
    private final String separator;
    private boolean used;

    Joiner(String separator) {
      this.separator = separator;
    }

    @Override
    public Object call(Rendering rendering, Arguments arguments) {
      String text = used ? separator : "";
      used = true;
      return text;
    }

    @Override
    public String typeName() {
      return "Joiner";
    }
  }
}
