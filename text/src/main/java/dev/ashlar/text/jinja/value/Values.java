package dev.ashlar.text.jinja.value;

import java.math.BigInteger;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What all values have in common: kind, truth, length, elements, equality. */
public final class Values {
  /** Lists inside lists that are walked before the walk is refused. */
  static final int DEEPEST = 300;

  private static final double LARGEST_EXACT = 1L << 53;

  private Values() {}

  /** The name of a value's type in Python. */
  public static String typeName(Object value) {
    return switch (value) {
      case null -> "NoneType";
      case Boolean b -> "bool";
      case Long n -> "int";
      case BigInteger n -> "int";
      case Double d -> "float";
      case String s -> "str";
      case Markup m -> "Markup";
      case List<?> l -> "list";
      case Map<?, ?> m -> "dict";
      case PythonObject o -> o.typeName();
      default -> "object";
    };
  }

  /** A value for a message: short, on one line. */
  static String brief(Object value) {
    return switch (value) {
      case null -> "None";
      case String s -> "'" + (s.length() > 40 ? s.substring(0, 40) + "…" : s) + "'";
      case Number n -> n.toString();
      default -> "of type '" + typeName(value) + "'";
    };
  }

  public static boolean isText(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  /** Whether a value counts as true. */
  public static boolean truth(Object value) {
    return switch (value) {
      case null -> false;
      case Boolean b -> b;
      case Long n -> n != 0;
      case Double d -> d != 0;
      case String s -> !s.isEmpty();
      case Markup m -> !m.text().isEmpty();
      case List<?> l -> !l.isEmpty();
      case Map<?, ?> m -> !m.isEmpty();
      case Tuple t -> !t.items().isEmpty();
      case Range r -> r.size() > 0;
      case DictView v -> !v.map().isEmpty();
      case Undefined u -> false;
      default -> true;
    };
  }

  /** The elements of a list, tuple or range; null for anything else. */
  @SuppressWarnings("unchecked") // lists of values hold objects
  public static List<Object> sequence(Object value) {
    return switch (value) {
      case List<?> l -> (List<Object>) l;
      case Tuple t -> t.items();
      case Range r -> r.list();
      case null -> null;
      default -> null;
    };
  }

  private static List<Object> elements(Object value, String otherwise) {
    List<Object> items = sequence(value);
    if (items == null) {
      throw new TemplateException(otherwise);
    }
    return items;
  }

  /** The number of elements, which for text must be counted. */
  public static long length(Object value, Rendering rendering) {
    if (isText(value)) {
      rendering.budget().scan(value.toString().length());
    }
    return switch (value) {
      case String s -> Text.length(s);
      case Markup m -> Text.length(m.text());
      case Map<?, ?> m -> m.size();
      case DictView v -> v.map().size();
      case Range r -> r.size();
      case Undefined u -> 0;
      case null -> elements(null, "object of type 'NoneType' has no len()").size();
      default -> elements(value, "object of type '" + typeName(value) + "' has no len()").size();
    };
  }

  /** Whether a value has elements to go through. */
  public static boolean isIterable(Object value) {
    return sequence(value) != null
        || isText(value)
        || value instanceof Map
        || value instanceof DictView
        || value instanceof PythonGenerator
        || value instanceof Undefined
        || value instanceof Sequential;
  }

  /** An object of another room that has elements. */
  public interface Sequential extends PythonObject {
    Iterator<Object> elements();
  }

  /** The elements, one after the other. */
  @SuppressWarnings("unchecked") // values are objects whatever they are declared as
  public static Iterator<Object> iterate(Object value, Rendering rendering) {
    Iterator<?> plain =
        switch (value) {
          case Map<?, ?> m -> m.keySet().iterator();
          case DictView v -> v.iterator();
          case PythonGenerator g -> g.iterator();
          case String s -> Text.characters(s);
          case Markup m -> Text.characters(m.text());
          case Undefined u -> Collections.emptyIterator();
          case Sequential s -> s.elements();
          case null -> elements(null, "'NoneType' object is not iterable").iterator();
          default -> elements(value, "'" + typeName(value) + "' object is not iterable").iterator();
        };
    return new Paid((Iterator<Object>) plain, rendering.budget());
  }

  /** Pays for each element. */
  private record Paid(Iterator<Object> elements, Budget budget) implements Iterator<Object> {
    @Override
    public boolean hasNext() {
      return elements.hasNext();
    }

    @Override
    public Object next() {
      budget.work(1);
      return elements.next();
    }
  }

  /** All elements in a new list. */
  public static List<Object> list(Object value, Rendering rendering) {
    List<Object> items = new java.util.ArrayList<>();
    Iterator<Object> elements = iterate(value, rendering);
    while (elements.hasNext()) {
      items.add(elements.next());
      if (items.size() > Budget.MOST_ELEMENTS) {
        rendering.budget().elements(items.size());
      }
    }
    return items;
  }

  /** A value as a key of a mapping, where 1, 1.0 and True are the same. */
  public static Object key(Object value) {
    return switch (value) {
      case Markup m -> m.text();
      case Boolean b -> b ? 1L : 0L;
      case Double d ->
          d == Math.rint(d) && Math.abs(d) < LARGEST_EXACT ? (Object) d.longValue() : d;
      case List<?> l -> throw new TemplateException("unhashable type: 'list'");
      case Map<?, ?> m -> throw new TemplateException("unhashable type: 'dict'");
      case Tuple t -> {
        // One level only: hashing must not follow a tower of tuples.
        for (Object item : t.items()) {
          if (item instanceof Tuple) {
            throw new TemplateException("a tuple of tuples cannot be a key");
          }
          key(item);
        }
        yield t;
      }
      case null -> null;
      default -> value;
    };
  }

  /** The value of a key, or {@link PythonObject#MISSING}. */
  public static Object lookup(Map<?, ?> map, Object key, Budget budget) {
    pay(key, budget);
    Object exact = key instanceof Markup m ? m.text() : key;
    if (exact instanceof List || exact instanceof Map) {
      key(exact);
    }
    Object present = present(map, exact);
    return present == PythonObject.MISSING ? present : map.get(present);
  }

  /** The key of a mapping that is equal to {@code key}, or {@link PythonObject#MISSING}. */
  private static Object present(Map<?, ?> map, Object key) {
    if (map.containsKey(key)) {
      return key;
    }
    if (Numbers.number(key) != null && key(key) instanceof Long n) {
      // The same number may be there as one of another kind.
      for (Object same : new Object[] {n, n.doubleValue(), n == 1}) {
        if (n.equals(key(same)) && map.containsKey(same)) {
          return same;
        }
      }
    }
    return PythonObject.MISSING;
  }

  /** Pays for hashing a key and comparing it with an equal one. */
  private static void pay(Object key, Budget budget) {
    if (isText(key)) {
      budget.scan(key.toString().length());
    } else if (key instanceof Tuple t) {
      budget.work(t.items().size());
      t.items().forEach(item -> pay(item instanceof Tuple ? null : item, budget));
    }
  }

  /** Puts an entry, in the place of one whose key is equal. */
  public static void put(Map<Object, Object> map, Object key, Object value, Budget budget) {
    pay(key, budget);
    key(key);
    Object place = key instanceof Markup m ? m.text() : key;
    Object present = present(map, place);
    map.put(present == PythonObject.MISSING ? place : present, value);
  }

  /** A key as the name of an argument. */
  public static String keyword(Object key) {
    if (!isText(key)) {
      throw new TemplateException("keywords must be strings");
    }
    return key.toString();
  }

  /** Whether {@code a == b}. */
  public static boolean equal(Object a, Object b, Rendering rendering) {
    return equal(a, b, rendering.budget(), 0);
  }

  private static boolean equal(Object a, Object b, Budget budget, int depth) {
    budget.work(1);
    if (a == b && !(a instanceof Double)) {
      return true;
    }
    if (depth > DEEPEST) {
      throw Budget.limit("it compares values that are nested too deeply");
    }
    if (a == null || b == null) {
      return false;
    }
    Number x = Numbers.number(a);
    Number y = Numbers.number(b);
    if (x != null || y != null) {
      return x != null && y != null && Numbers.isEqual(x, y);
    }
    if (isText(a) && isText(b)) {
      budget.work(a.toString().length() / 16);
      return a.toString().equals(b.toString());
    }
    return switch (a) {
      case Tuple t -> b instanceof Tuple u && equal(t.items(), u.items(), budget, depth);
      case Range r -> b instanceof Range s && equal(r.list(), s.list(), budget, depth);
      case List<?> l -> b instanceof List<?> m && equal(l, m, budget, depth);
      case Map<?, ?> m -> b instanceof Map<?, ?> n && equal(m, n, budget, depth);
      case Undefined u -> b instanceof Undefined;
      default -> false;
    };
  }

  private static boolean equal(List<?> a, List<?> b, Budget budget, int depth) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i), budget, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Map<?, ?> a, Map<?, ?> b, Budget budget, int depth) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Map.Entry<?, ?> e : a.entrySet()) {
      Object other = lookup(b, e.getKey(), budget);
      if (other == PythonObject.MISSING || !equal(e.getValue(), other, budget, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  /** Less than 0, 0 or more as {@code a} sorts before, with or after {@code b}. */
  public static int compare(Object a, Object b, String operator, Rendering rendering) {
    return compare(a, b, operator, rendering.budget(), 0);
  }

  private static int compare(Object a, Object b, String operator, Budget budget, int depth) {
    budget.work(1);
    refuseUndefined(a);
    refuseUndefined(b);
    Number x = Numbers.number(a);
    Number y = Numbers.number(b);
    if (x != null && y != null) {
      return Numbers.compare(x, y);
    }
    if (isText(a) && isText(b)) {
      budget.scan(Math.min(a.toString().length(), b.toString().length()));
      return Text.compare(a.toString(), b.toString());
    }
    boolean lists = a instanceof List && b instanceof List;
    if ((lists || a instanceof Tuple && b instanceof Tuple) && depth < DEEPEST) {
      List<Object> l = sequence(a);
      List<Object> m = sequence(b);
      for (int i = 0; i < Math.min(l.size(), m.size()); i++) {
        if (!equal(l.get(i), m.get(i), budget, depth + 1)) {
          return compare(l.get(i), m.get(i), operator, budget, depth + 1);
        }
      }
      return Integer.compare(l.size(), m.size());
    }
    throw new TemplateException(
        "'"
            + operator
            + "' not supported between instances of '"
            + typeName(a)
            + "' and '"
            + typeName(b)
            + "'");
  }

  /** Fails if a value is not there. */
  public static void refuseUndefined(Object value) {
    if (value instanceof Undefined u) {
      throw u.fault();
    }
  }

  /** Whether {@code element in container}. */
  public static boolean contains(Object container, Object element, Rendering rendering) {
    if (isText(container)) {
      refuseUndefined(element);
      if (!isText(element)) {
        throw new TemplateException(
            "'in <string>' requires string as left operand, not " + typeName(element));
      }
      return new Search(element.toString(), rendering.budget()).isIn(container.toString());
    }
    if (container instanceof Map<?, ?> map) {
      return lookup(map, element, rendering.budget()) != PythonObject.MISSING;
    }
    if (!isIterable(container)) {
      throw new TemplateException("argument of type '" + typeName(container) + "' is not iterable");
    }
    Iterator<Object> elements = iterate(container, rendering);
    while (elements.hasNext()) {
      if (equal(elements.next(), element, rendering)) {
        return true;
      }
    }
    return false;
  }
}
