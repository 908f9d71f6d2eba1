package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Operators;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.PythonGenerator;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters over whatever has elements. */
final class SequenceFilters {
  private SequenceFilters() {}

  static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    Filter length = SequenceFilters::length;
    all.put("length", length);
    all.put("count", length);
    all.put("default", SequenceFilters::orDefault);
    all.put("d", SequenceFilters::orDefault);
    all.put("first", (r, v, a) -> first(r, v));
    all.put("last", (r, v, a) -> last(r, v));
    all.put("list", (r, v, a) -> Values.list(v, r));
    all.put("reverse", (r, v, a) -> reverse(r, v));
    all.put("join", SequenceFilters::join);
    all.put("sort", SequenceFilters::sort);
    all.put("unique", SequenceFilters::unique);
    all.put("min", (r, v, a) -> extreme(r, v, a, "min", -1));
    all.put("max", (r, v, a) -> extreme(r, v, a, "max", 1));
    all.put("sum", SequenceFilters::sum);
    all.put("batch", SequenceFilters::batch);
    all.put("slice", SequenceFilters::slice);
    all.put("groupby", SequenceFilters::groupBy);
    all.put("dictsort", SequenceFilters::dictSort);
    all.put("items", (r, v, a) -> items(r, v));
    return all;
  }

  private static Object length(Rendering r, Object value, Arguments arguments) {
    arguments.bind("length");
    return Values.length(value, r);
  }

  private static Object orDefault(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("default", "default_value?", "boolean?");
    boolean missing = value instanceof Undefined || a.flag(1) && !Values.truth(value);
    return missing ? a.get(0, "") : value;
  }

  private static Object first(Rendering r, Object value) {
    Iterator<Object> it = Values.iterate(value, r);
    return it.hasNext() ? it.next() : new Undefined("No first item, sequence was empty.");
  }

  private static Object last(Rendering r, Object value) {
    if (value instanceof PythonGenerator) {
      throw new TemplateException("'" + Values.typeName(value) + "' object is not reversible");
    }
    List<Object> items = Values.list(value, r);
    return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.getLast();
  }

  private static Object reverse(Rendering r, Object value) {
    if (Values.isText(value)) {
      r.budget().text(value.toString().length());
    }
    if (value instanceof String s) {
      return new StringBuilder(s).reverse().toString();
    }
    if (value instanceof Markup m) {
      return new Markup(new StringBuilder(m.text()).reverse().toString());
    }
    List<Object> items = Operators.reversed(Values.list(value, r));
    if (value instanceof PythonGenerator || value instanceof Undefined) {
      return items;
    }
    String type = value instanceof List ? "list_reverseiterator" : "reversed";
    return new PythonGenerator(type, items.iterator());
  }

  private static Object join(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("join", "d?", "attribute?");
    String separator = Printer.str(r, a.get(0, ""));
    UnaryOperator<Object> key = Attributes.getter(r, a.get(1), null);
    StringBuilder out = new StringBuilder();
    Iterator<Object> it = Values.iterate(value, r);
    boolean more = false;
    while (it.hasNext()) {
      String text = Printer.str(r, key.apply(it.next()));
      int before = out.length();
      out.append(more ? separator : "").append(text);
      r.budget().grown(out.length(), out.length() - before);
      more = true;
    }
    return out.toString();
  }

  private static List<Object> sorted(
      Rendering r, List<Object> items, UnaryOperator<Object> key, boolean reverse) {
    record Keyed(Object key, Object item) {}
    List<Keyed> keyed = new ArrayList<>();
    items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
    Comparator<Keyed> order = (a, b) -> Values.compare(a.key(), b.key(), "<", r);
    try {
      // Stable both ways, as Python's sort is.
      keyed.sort(reverse ? order.reversed() : order);
    } catch (IllegalArgumentException e) {
      throw new TemplateException("sort met values without an order (NaN)");
    }
    List<Object> result = new ArrayList<>();
    keyed.forEach(k -> result.add(k.item()));
    return result;
  }

  private static Object sort(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("sort", "reverse?", "case_sensitive?", "attribute?");
    UnaryOperator<Object> key = Attributes.sortKey(r, a.get(2), a.flag(1));
    return sorted(r, Values.list(value, r), key, a.flag(0));
  }

  private static Object unique(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("unique", "case_sensitive?", "attribute?");
    UnaryOperator<Object> key = Attributes.key(r, a.get(1), a.flag(0));
    Iterator<Object> it = Values.iterate(value, r);
    List<Object> seen = new ArrayList<>();
    return new PythonGenerator(
        new Lazy() {
          @Override
          boolean advance() {
            while (it.hasNext()) {
              next = it.next();
              Object k = key.apply(next);
              Values.key(k);
              if (!Values.contains(seen, k, r)) {
                seen.add(k);
                return true;
              }
            }
            return false;
          }
        });
  }

  private static Object extreme(
      Rendering r, Object value, Arguments arguments, String name, int sign) {
    Arguments.Bound a = arguments.bind(name, "case_sensitive?", "attribute?");
    UnaryOperator<Object> key = Attributes.key(r, a.get(1), a.flag(0));
    Iterator<Object> it = Values.iterate(value, r);
    if (!it.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = it.next();
    while (it.hasNext()) {
      Object item = it.next();
      String operator = sign < 0 ? "<" : ">";
      if (Values.compare(key.apply(item), key.apply(best), operator, r) * sign > 0) {
        best = item;
      }
    }
    return best;
  }

  private static Object sum(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("sum", "attribute?", "start?");
    UnaryOperator<Object> key = Attributes.getter(r, a.get(0), null);
    Object sum = a.get(1, 0L);
    Iterator<Object> it = Values.iterate(value, r);
    while (it.hasNext()) {
      sum = Operators.binary("+", sum, key.apply(it.next()), r);
    }
    return sum;
  }

  private static Object batch(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("batch", "linecount", "fill_with?");
    int size = a.whole(0, 0);
    if (size < 1) {
      throw new TemplateException("batch needs at least one item a line");
    }
    Iterator<Object> it = Values.iterate(value, r);
    return new PythonGenerator(
        new Lazy() {
          @Override
          boolean advance() {
            List<Object> line = new ArrayList<>();
            while (line.size() < size && it.hasNext()) {
              line.add(it.next());
            }
            if (line.isEmpty()) {
              return false;
            }
            while (a.get(1) != null && line.size() < size) {
              line.add(a.get(1));
              r.budget().elements(1);
            }
            next = line;
            return true;
          }
        });
  }

  private static Object slice(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("slice", "slices", "fill_with?");
    int slices = a.whole(0, 0);
    if (slices < 1) {
      throw new TemplateException("slice needs at least one slice");
    }
    List<Object> items = Values.list(value, r);
    r.budget().elements(slices);
    List<Object> result = new ArrayList<>();
    int each = items.size() / slices;
    int longer = items.size() % slices;
    int at = 0;
    for (int i = 0; i < slices; i++) {
      int size = each + (i < longer ? 1 : 0);
      List<Object> part = new ArrayList<>(items.subList(at, at + size));
      at += size;
      if (a.get(1) != null && i >= longer && longer > 0) {
        part.add(a.get(1));
      }
      result.add(part);
    }
    return new PythonGenerator(result.iterator());
  }

  private static Object groupBy(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("groupby", "attribute", "default?", "case_sensitive?");
    UnaryOperator<Object> exact = Attributes.getter(r, a.get(0), a.get(1));
    UnaryOperator<Object> key = item -> Attributes.fold(r, exact.apply(item), a.flag(2));
    List<Object> groups = new ArrayList<>();
    List<Object> members = null;
    Object current = null;
    for (Object item : sorted(r, Values.list(value, r), key, false)) {
      Object k = key.apply(item);
      if (members == null || !Values.equal(current, k, r)) {
        members = new ArrayList<>();
        current = k;
        groups.add(
            new Tuple(
                java.util.Arrays.asList(exact.apply(item), members), List.of("grouper", "list")));
      }
      members.add(item);
    }
    return groups;
  }

  private static Object dictSort(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("dictsort", "case_sensitive?", "by?", "reverse?");
    String by = a.text(1, "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException("dictsort sorts by key or value");
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException("'" + Values.typeName(value) + "' object has no items");
    }
    int part = by.equals("key") ? 0 : 1;
    return sorted(
        r,
        pairs(r, map),
        pair -> Attributes.fold(r, ((Tuple) pair).items().get(part), a.flag(0)),
        a.flag(2));
  }

  /** The entries of a mapping as tuples. */
  static List<Object> pairs(Rendering r, Map<?, ?> map) {
    r.budget().elements(map.size());
    List<Object> pairs = new ArrayList<>();
    map.forEach((k, v) -> pairs.add(Tuple.of(k, v)));
    return pairs;
  }

  private static Object items(Rendering r, Object value) {
    if (value instanceof Undefined) {
      return new PythonGenerator(List.of().iterator());
    }
    if (value instanceof Map<?, ?> map) {
      return new PythonGenerator(pairs(r, map).iterator());
    }
    throw new TemplateException("Can only get item pairs from a mapping.");
  }
}
