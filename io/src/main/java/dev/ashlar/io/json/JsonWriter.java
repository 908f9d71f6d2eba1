package dev.ashlar.io.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes plain values as JSON, deterministically: maps in their own order, numbers as Python's
 * {@code json} spells them, characters outside ASCII as themselves.
 */
public final class JsonWriter {
  private static final int PLAIN_DIGITS = 16;

  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;

  private JsonWriter(boolean pretty) {
    this.pretty = pretty;
  }

  /** Without any white space. */
  public static String compact(Object value) {
    JsonWriter w = new JsonWriter(false);
    w.value(value, 0);
    return w.out.toString();
  }

  /** Indented by two, with a final line end, as Hugging Face writes its configuration files. */
  public static String pretty(Object value) {
    JsonWriter w = new JsonWriter(true);
    w.value(value, 0);
    return w.out.append('\n').toString();
  }

  private void value(Object value, int depth) {
    switch (value) {
      case null -> out.append("null");
      case String s -> string(s);
      case Boolean b -> out.append(b);
      case Float f -> number(f.toString(), Float.isFinite(f));
      case Double d -> number(d.toString(), Double.isFinite(d));
      case BigInteger i -> out.append(i);
      case Long n -> out.append(n);
      case Integer n -> out.append(n);
      case Short n -> out.append(n);
      case Byte n -> out.append(n);
      case Map<?, ?> map -> object(map, depth);
      case List<?> list -> list(list, depth);
      default ->
          throw new IllegalArgumentException("not a JSON value: " + value.getClass().getName());
    }
  }

  private void object(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<?, ?> e = entries.next();
      line(depth + 1);
      string((String) e.getKey());
      out.append(pretty ? ": " : ":");
      value(e.getValue(), depth + 1);
      out.append(entries.hasNext() ? "," : "");
    }
    line(depth);
    out.append('}');
  }

  private void list(List<?> list, int depth) {
    if (list.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    Iterator<?> values = list.iterator();
    while (values.hasNext()) {
      line(depth + 1);
      value(values.next(), depth + 1);
      out.append(values.hasNext() ? "," : "");
    }
    line(depth);
    out.append(']');
  }

  private void line(int depth) {
    if (pretty) {
      out.append('\n').repeat("  ", depth);
    }
  }

  private void number(String shortest, boolean finite) {
    if (!finite) {
      // Java's names are Python's: not JSON, but what a configuration is read back from.
      out.append(shortest);
      return;
    }
    BigDecimal d = new BigDecimal(shortest).stripTrailingZeros();
    int exponent = d.precision() - d.scale() - 1;
    if (d.signum() == 0) {
      out.append(shortest.startsWith("-") ? "-0.0" : "0.0");
    } else if (exponent >= -4 && exponent < PLAIN_DIGITS) {
      String plain = d.toPlainString();
      out.append(plain).append(plain.indexOf('.') < 0 ? ".0" : "");
    } else {
      String digits = d.unscaledValue().abs().toString();
      out.append(d.signum() < 0 ? "-" : "").append(digits.charAt(0));
      out.append(digits.length() > 1 ? "." + digits.substring(1) : "");
      out.append(exponent < 0 ? "e-" : "e+");
      out.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent));
    }
  }

  private void string(String s) {
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
          if (c < 0x20 || Character.isSurrogate(c) && !paired(s, i)) {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static boolean paired(String s, int i) {
    char c = s.charAt(i);
    return Character.isHighSurrogate(c)
        ? i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(s.charAt(i - 1));
  }
}
