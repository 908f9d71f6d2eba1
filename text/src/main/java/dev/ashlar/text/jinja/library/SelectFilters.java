package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.PythonGenerator;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters that choose or change elements one by one, when they are asked for. */
final class SelectFilters {
  private SelectFilters() {}

  static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    all.put("select", (r, v, a) -> select(r, v, a, false, true));
    all.put("reject", (r, v, a) -> select(r, v, a, false, false));
    all.put("selectattr", (r, v, a) -> select(r, v, a, true, true));
    all.put("rejectattr", (r, v, a) -> select(r, v, a, true, false));
    all.put("map", SelectFilters::map);
    all.put("attr", SelectFilters::attribute);
    return all;
  }

  private static Object select(
      Rendering r, Object value, Arguments a, boolean byAttribute, boolean keep) {
    if (byAttribute && a.positional().isEmpty()) {
      throw Attributes.missing(keep ? "selectattr" : "rejectattr");
    }
    UnaryOperator<Object> key =
        Attributes.getter(r, byAttribute ? a.positional().getFirst() : null, null);
    Arguments test = a.from(byAttribute ? 1 : 0);
    Iterator<Object> it = elements(r, value);
    return new PythonGenerator(
        new Lazy() {
          @Override
          boolean advance() {
            while (it.hasNext()) {
              next = it.next();
              if (holds(r, key.apply(next), test) == keep) {
                return true;
              }
            }
            return false;
          }
        });
  }

  /** What counts as false has no elements here, None among it. */
  private static Iterator<Object> elements(Rendering r, Object value) {
    return Values.iterate(Values.truth(value) ? value : List.of(), r);
  }

  private static boolean holds(Rendering r, Object value, Arguments test) {
    return test.positional().isEmpty()
        ? Values.truth(value)
        : r.test(name(test.positional().getFirst()), value, test.from(1));
  }

  private static String name(Object value) {
    if (!Values.isText(value)) {
      throw new TemplateException(
          "the name of a filter or test must be text, not '" + Values.typeName(value) + "'");
    }
    return value.toString();
  }

  private static Object map(Rendering r, Object value, Arguments a) {
    UnaryOperator<Object> change;
    if (a.positional().isEmpty()) {
      if (!a.named().containsKey("attribute")) {
        throw new TemplateException("map needs a filter or an attribute");
      }
      Arguments.Bound named = a.bind("map", "attribute", "default?");
      change = Attributes.getter(r, named.get(0), named.get(1));
    } else {
      String filter = name(a.positional().getFirst());
      if (!r.hasFilter(filter)) {
        throw new TemplateException("there is no filter '" + filter + "'");
      }
      change = item -> r.filter(filter, item, a.from(1));
    }
    Iterator<Object> it = elements(r, value);
    return new PythonGenerator(
        new Lazy() {
          @Override
          boolean advance() {
            if (!it.hasNext()) {
              return false;
            }
            next = change.apply(it.next());
            return true;
          }
        });
  }

  private static Object attribute(Rendering r, Object value, Arguments arguments) {
    String name = arguments.bind("attr", "name").text(0, "");
    if (value instanceof Map || value instanceof List) {
      Object method = ValueMethods.of(value, name);
      return method != null ? method : Undefined.attribute(value, name);
    }
    return r.attribute(value, name);
  }
}
