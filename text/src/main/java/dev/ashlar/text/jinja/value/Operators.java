package dev.ashlar.text.jinja.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Arithmetic and slices over all values. */
public final class Operators {
  private Operators() {}

  /** {@code a operator b}, where {@code %} on text is left to its caller. */
  public static Object binary(String operator, Object a, Object b, Rendering rendering) {
    Values.refuseUndefined(a);
    Values.refuseUndefined(b);
    Number x = Numbers.number(a);
    Number y = Numbers.number(b);
    if (x != null && y != null) {
      return Numbers.apply(operator, x, y);
    }
    Object result =
        switch (operator) {
          case "+" -> sum(a, b, rendering);
          case "*" ->
              x != null ? repeat(b, x, rendering) : y == null ? null : repeat(a, y, rendering);
          default -> null;
        };
    if (result == null) {
      throw unsupported(operator, a, b);
    }
    return result;
  }

  private static Object sum(Object a, Object b, Rendering rendering) {
    if (Values.isText(a) && Values.isText(b)) {
      rendering.budget().text((long) a.toString().length() + b.toString().length());
      return a instanceof String s && b instanceof String t
          ? s + t
          : new Markup(Markup.escape(a, rendering).text() + Markup.escape(b, rendering).text());
    }
    if (a instanceof List<?> l && b instanceof List<?> m) {
      return joined(l, m, rendering);
    }
    if (a instanceof Tuple t && b instanceof Tuple u) {
      return Tuple.of(joined(t.items(), u.items(), rendering));
    }
    return null;
  }

  private static List<Object> joined(List<?> a, List<?> b, Rendering rendering) {
    rendering.budget().elements((long) a.size() + b.size());
    List<Object> all = new ArrayList<>(a.size() + b.size());
    all.addAll(a);
    all.addAll(b);
    return all;
  }

  private static Object repeat(Object value, Number count, Rendering rendering) {
    if (!(count instanceof Long n)) {
      return null;
    }
    return switch (value) {
      case String s -> Text.repeat(s, n, rendering.budget());
      case Markup m -> new Markup(Text.repeat(m.text(), n, rendering.budget()));
      case List<?> l -> repeated(l, n, rendering);
      case Tuple t -> Tuple.of(repeated(t.items(), n, rendering));
      case null -> null;
      default -> null;
    };
  }

  private static List<Object> repeated(List<?> items, long times, Rendering rendering) {
    if (times <= 0 || items.isEmpty()) {
      return new ArrayList<>();
    }
    rendering
        .budget()
        .elements(times > Budget.MOST_ELEMENTS ? times : Math.multiplyExact(items.size(), times));
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < times; i++) {
      all.addAll(items);
    }
    return all;
  }

  private static TemplateException unsupported(String operator, Object a, Object b) {
    if (operator.equals("+") && Values.isText(a)) {
      return new TemplateException(
          "can only concatenate str (not \"" + Values.typeName(b) + "\") to str");
    }
    return new TemplateException(
        "unsupported operand type(s) for "
            + operator
            + ": '"
            + Values.typeName(a)
            + "' and '"
            + Values.typeName(b)
            + "'");
  }

  /** {@code -a} or {@code +a}. */
  public static Object unary(String operator, Object a) {
    Values.refuseUndefined(a);
    Number n = Numbers.number(a);
    if (n == null) {
      throw new TemplateException(
          "bad operand type for unary " + operator + ": '" + Values.typeName(a) + "'");
    }
    return operator.equals("-") ? Numbers.negate(n) : n;
  }

  /** {@code value[from:to:step]}; each bound is a whole number or null. */
  public static Object slice(
      Object value, Object from, Object to, Object step, Rendering rendering) {
    Values.refuseUndefined(value);
    List<Object> items = Values.sequence(value);
    if (items == null && !Values.isText(value)) {
      throw new TemplateException("'" + Values.typeName(value) + "' object cannot be sliced");
    }
    String text = items == null ? value.toString() : null;
    long stride = bound(step, 1);
    if (stride == 0) {
      throw new TemplateException("slice step cannot be zero");
    }
    int size = items == null ? Text.length(text) : items.size();
    long last = stride < 0 ? size - 1L : size;
    long least = stride < 0 ? -1 : 0;
    long start = from == null ? (stride < 0 ? last : 0) : clamp(bound(from, 0), size, least, last);
    long stop = to == null ? (stride < 0 ? -1 : size) : clamp(bound(to, 0), size, least, last);
    rendering.budget().work(1 + size / 16);
    if (items == null) {
      String part = slice(text, start, stop, stride);
      return value instanceof Markup ? new Markup(part) : part;
    }
    List<Object> part = new ArrayList<>();
    for (long i = start; stride > 0 ? i < stop : i > stop; i += stride) {
      part.add(items.get((int) i));
    }
    rendering.budget().elements(part.size());
    return value instanceof Tuple ? Tuple.of(part) : part;
  }

  private static String slice(String text, long start, long stop, long stride) {
    if (stride == 1) {
      return start >= stop ? "" : Text.sub(text, (int) start, (int) stop);
    }
    int[] points = text.codePoints().toArray();
    StringBuilder out = new StringBuilder();
    for (long i = start; stride > 0 ? i < stop : i > stop; i += stride) {
      out.appendCodePoint(points[(int) i]);
    }
    return out.toString();
  }

  private static long bound(Object value, long otherwise) {
    if (value == null) {
      return otherwise;
    }
    Values.refuseUndefined(value);
    if (Numbers.number(value) instanceof Long n) {
      // Far beyond any size, yet safe to add to one.
      return Math.clamp(n, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    throw new TemplateException("slice indices must be integers or None");
  }

  private static long clamp(long index, int size, long least, long most) {
    long at = index < 0 ? index + size : index;
    return Math.clamp(at, least, Math.max(least, most));
  }

  /** The element at {@code index} of a sequence, or {@link PythonObject#MISSING}. */
  public static Object at(Object sequence, Object index) {
    if (!(Numbers.number(index) instanceof Long n)) {
      return PythonObject.MISSING;
    }
    List<Object> items = Values.sequence(sequence);
    int size = items == null ? Text.length(sequence.toString()) : items.size();
    long at = n < 0 ? n + size : n;
    if (at < 0 || at >= size) {
      return PythonObject.MISSING;
    }
    if (items != null) {
      return items.get((int) at);
    }
    String one = Text.at(sequence.toString(), (int) at);
    return sequence instanceof Markup ? new Markup(one) : one;
  }

  /** The elements of a sequence from the last to the first. */
  public static List<Object> reversed(List<Object> items) {
    List<Object> copy = new ArrayList<>(items);
    Collections.reverse(copy);
    return copy;
  }
}
