package dev.ashlar.text.jinja.value;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Prints values: {@code str} for output, {@code repr} for what lies inside lists and mappings. */
public final class Printer {
  private final Rendering rendering;
  private final StringBuilder out = new StringBuilder();

  private Printer(Rendering rendering) {
    this.rendering = rendering;
  }

  /** A value as output shows it. */
  public static String str(Rendering rendering, Object value) {
    return switch (value) {
      case String s -> s;
      case Markup m -> m.text();
      case Undefined u -> "";
      case null -> "None";
      default -> repr(rendering, value);
    };
  }

  /** A value as lists show it. */
  public static String repr(Rendering rendering, Object value) {
    Printer p = new Printer(rendering);
    p.print(value, 0);
    rendering.budget().text(p.out.length());
    return p.out.toString();
  }

  private void print(Object value, int depth) {
    rendering.budget().work(1);
    if (depth > Values.DEEPEST) {
      throw Budget.limit("it prints a value that is nested too deeply");
    }
    if (out.length() > Budget.LONGEST_TEXT) {
      rendering.budget().text(out.length());
    }
    switch (value) {
      case null -> out.append("None");
      case Boolean b -> out.append(b ? "True" : "False");
      case Number n -> out.append(Numbers.repr(n));
      case String s -> quote(s);
      case Markup m -> {
        out.append("Markup(");
        quote(m.text());
        out.append(')');
      }
      case List<?> l -> print("[", l, "]", depth);
      case Tuple t -> print("(", t.items(), t.items().size() == 1 ? ",)" : ")", depth);
      case Map<?, ?> m -> print(m, depth);
      case DictView v -> {
        out.append(v.typeName());
        print("([", v.elements(), "])", depth);
      }
      case Namespace n -> {
        out.append("<Namespace ");
        print(n.attributes(), depth + 1);
        out.append('>');
      }
      case PythonObject o -> out.append(o.repr(rendering));
      default -> out.append("<object>");
    }
  }

  private void print(String open, Iterable<?> items, String close, int depth) {
    out.append(open);
    Iterator<?> it = items.iterator();
    while (it.hasNext()) {
      print(it.next(), depth + 1);
      out.append(it.hasNext() ? ", " : "");
    }
    out.append(close);
  }

  private void print(Map<?, ?> map, int depth) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> e : map.entrySet()) {
      out.append(separator);
      print(e.getKey(), depth + 1);
      out.append(": ");
      print(e.getValue(), depth + 1);
      separator = ", ";
    }
    out.append('}');
  }

  private void quote(String s) {
    rendering.budget().text(s.length());
    char mark = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    out.append(mark);
    s.codePoints().forEach(c -> escape(c, mark));
    out.append(mark);
  }

  private void escape(int c, char mark) {
    if (c == mark || c == '\\') {
      out.append('\\').append((char) c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (isPrintable(c)) {
      out.appendCodePoint(c);
    } else {
      int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
      out.append('\\').append(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
      String hex = Integer.toHexString(c);
      out.repeat('0', digits - hex.length()).append(hex);
    }
  }

  /** Whether a code point is shown as itself. */
  public static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
