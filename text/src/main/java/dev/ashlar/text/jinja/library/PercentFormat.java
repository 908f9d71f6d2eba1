package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.PythonObject;
import dev.ashlar.text.jinja.value.Range;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code 'format' % values}. */
public final class PercentFormat {
  private static final Pattern DIRECTIVE =
      Pattern.compile(
          "%(?:\\((?<name>[^)]*)\\))?(?<flags>[-+ #0]*)(?<width>\\*|\\d{0,7})"
              + "(?:\\.(?<precision>\\*|\\d{0,7}))?[hlL]?(?<type>.)?",
          Pattern.DOTALL);

  private final Rendering rendering;
  private final Object values;
  private final List<Object> positional;
  private final StringBuilder out = new StringBuilder();
  private int used;

  private PercentFormat(Rendering rendering, Object values) {
    this.rendering = rendering;
    this.values = values;
    this.positional =
        values instanceof Tuple t ? t.items() : java.util.Collections.singletonList(values);
  }

  /** The text with its directives replaced by values: a tuple, a mapping, or one value. */
  public static String format(Rendering rendering, String format, Object values) {
    PercentFormat f = new PercentFormat(rendering, values);
    Matcher m = DIRECTIVE.matcher(format);
    int at = 0;
    while (m.find(at)) {
      int before = f.out.length();
      f.out.append(format, at, m.start());
      f.directive(m);
      at = m.end();
      f.grown(before);
    }
    int before = f.out.length();
    f.out.append(format, at, format.length());
    f.grown(before);
    // What can be indexed counts as a mapping, which need not be used up.
    boolean mapping =
        values instanceof Map
            || values instanceof List
            || values instanceof Range
            || values instanceof Undefined;
    if (f.used < f.positional.size() && !mapping) {
      throw new TemplateException("not all arguments converted during string formatting");
    }
    return f.out.toString();
  }

  /** Pays for what was written since the text was {@code before} long. */
  private void grown(int before) {
    rendering.budget().grown(out.length(), out.length() - before);
  }

  private void directive(Matcher m) {
    if (m.group("type") == null) {
      throw new TemplateException("incomplete format");
    }
    char type = m.group("type").charAt(0);
    if (type == '%') {
      out.append('%');
      return;
    }
    String flags = m.group("flags");
    int width = number(m.group("width"), 0);
    int precision = m.group("precision") == null ? -1 : number(m.group("precision"), 0);
    Object value = m.group("name") == null ? next() : named(m.group("name"));
    boolean numeric = "diuxXoeEfFgG".indexOf(type) >= 0;
    boolean left = flags.contains("-") || width < 0;
    boolean zeros = flags.contains("0") && numeric && !left;
    FormatSpec shape =
        new FormatSpec(
            zeros ? "0" : " ",
            left ? '<' : zeros ? '=' : '>',
            flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : '-',
            flags.contains("#"),
            Math.abs(width),
            (char) 0,
            precision,
            type);
    out.append(one(shape, value));
  }

  private String one(FormatSpec shape, Object value) {
    return switch (shape.type()) {
      case 's' -> shape.text(rendering, Printer.str(rendering, value));
      case 'r', 'a' -> shape.text(rendering, Printer.repr(rendering, value));
      case 'c' ->
          shape.text(
              rendering,
              Values.isText(value) ? value.toString() : Character.toString(codePoint(value)));
      case 'd', 'i', 'u', 'x', 'X', 'o' ->
          shape.whole(rendering, FormatSpec.integer(value, "%" + shape.type() + " format"));
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        Number n = Numbers.number(value);
        if (n == null) {
          throw new TemplateException("must be real number, not " + Values.typeName(value));
        }
        yield shape.real(rendering, n.doubleValue());
      }
      default -> throw new TemplateException("unsupported format character '" + shape.type() + "'");
    };
  }

  private static int codePoint(Object value) {
    int point = FormatSpec.integer(value, "%c").intValue();
    if (!Character.isValidCodePoint(point)) {
      throw new TemplateException("%c needs a character");
    }
    return point;
  }

  private int number(String digits, int otherwise) {
    if (digits.equals("*")) {
      return FormatSpec.integer(next(), "*").intValue();
    }
    return digits.isEmpty() ? otherwise : Integer.parseInt(digits);
  }

  private Object next() {
    if (used >= positional.size()) {
      throw new TemplateException("not enough arguments for format string");
    }
    return positional.get(used++);
  }

  private Object named(String name) {
    if (!(values instanceof Map<?, ?> map)) {
      throw new TemplateException("format requires a mapping");
    }
    Object value = Values.lookup(map, name, rendering.budget());
    if (value == PythonObject.MISSING) {
      throw new TemplateException("the mapping has no key '" + name + "'");
    }
    return value;
  }
}
