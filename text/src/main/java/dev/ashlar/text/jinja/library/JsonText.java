package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Values;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The filter {@code tojson} as transformers defines it: Python's {@code json.dumps}. */
final class JsonText {
  private static final int DEEPEST = 300;

  private final Rendering rendering;
  private final StringBuilder out = new StringBuilder();
  private final boolean ascii;
  private final String indent;
  private final String separator;
  private final String colon;
  private final boolean sorted;

  private JsonText(Rendering rendering, Arguments.Bound a) {
    this.rendering = rendering;
    this.ascii = a.flag(0);
    Object step = a.get(1);
    this.indent =
        step instanceof Long ? " ".repeat(Math.clamp(a.whole(1, 0), 0, 1000)) : a.text(1, null);
    List<Object> separators = a.get(2) == null ? null : Values.list(a.get(2), rendering);
    if (separators != null && separators.size() != 2) {
      throw new TemplateException("tojson needs two separators");
    }
    this.separator =
        separators != null ? separators.get(0).toString() : indent == null ? ", " : ",";
    this.colon = separators != null ? separators.get(1).toString() : ": ";
    this.sorted = a.flag(3);
  }

  static Object filter(Rendering rendering, Object value, Arguments arguments) {
    JsonText json =
        new JsonText(
            rendering,
            arguments.bind("tojson", "ensure_ascii?", "indent?", "separators?", "sort_keys?"));
    json.write(value, 0);
    rendering.budget().text(json.out.length());
    return json.out.toString();
  }

  private void write(Object value, int depth) {
    rendering.budget().work(1);
    if (depth > DEEPEST) {
      throw Budget.limit("it writes a value that is nested too deeply");
    }
    if (out.length() > Budget.LONGEST_TEXT) {
      rendering.budget().text(out.length());
    }
    switch (value) {
      case null -> out.append("null");
      case Boolean b -> out.append(b);
      case Number n -> out.append(number(n));
      case String s -> quote(s);
      case Markup m -> quote(m.text());
      case List<?> l -> list(l, depth);
      case Tuple t -> list(t.items(), depth);
      case Map<?, ?> m -> map(m, depth);
      default ->
          throw new TemplateException(
              "Object of type " + Values.typeName(value) + " is not JSON serializable");
    }
  }

  private static String number(Number n) {
    return switch (Numbers.repr(n)) {
      case "inf" -> "Infinity";
      case "-inf" -> "-Infinity";
      case "nan" -> "NaN";
      case String s -> s;
    };
  }

  private void list(List<?> items, int depth) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    Iterator<?> it = items.iterator();
    while (it.hasNext()) {
      newLine(depth + 1);
      write(it.next(), depth + 1);
      out.append(it.hasNext() ? separator : "");
    }
    newLine(depth);
    out.append(']');
  }

  private void map(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    if (sorted) {
      entries.sort((a, b) -> Values.compare(a.getKey(), b.getKey(), "<", rendering));
    }
    Iterator<Map.Entry<?, ?>> it = entries.iterator();
    while (it.hasNext()) {
      Map.Entry<?, ?> e = it.next();
      newLine(depth + 1);
      quote(key(e.getKey()));
      out.append(colon);
      write(e.getValue(), depth + 1);
      out.append(it.hasNext() ? separator : "");
    }
    newLine(depth);
    out.append('}');
  }

  private static String key(Object key) {
    return switch (key) {
      case null -> "null";
      case String s -> s;
      case Boolean b -> b.toString();
      case Number n -> number(n);
      default ->
          throw new TemplateException(
              "keys must be str, int, float, bool or None, not " + Values.typeName(key));
    };
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.append('\n').repeat(indent, depth);
    }
  }

  private void quote(String s) {
    rendering.budget().text(s.length());
    out.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || ascii && c > 0x7e) {
            out.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
