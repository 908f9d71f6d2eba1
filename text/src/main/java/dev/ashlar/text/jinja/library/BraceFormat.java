package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.PythonObject;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code 'format'.format(values)}, whose attributes go through the sandbox too. */
final class BraceFormat {
  private static final Pattern FIELD = Pattern.compile("(?<first>[^.\\[!:]*)");
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[!:]+)|\\[([^\\]]+)\\]");
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?"
              + "(?<width>\\d{1,7})?(?<grouping>[,_])?(?:\\.(?<precision>\\d{1,7}))?(?<type>.)?",
          Pattern.DOTALL);

  private final Rendering rendering;
  private final Arguments arguments;

  /** The next field without a number; -1 once fields have numbers. */
  private int automatic;

  private BraceFormat(Rendering rendering, Arguments arguments) {
    this.rendering = rendering;
    this.arguments = arguments;
  }

  static String format(Rendering rendering, String format, Arguments arguments) {
    return new BraceFormat(rendering, arguments).run(format, true);
  }

  static String formatMap(Rendering rendering, String format, Arguments arguments) {
    Map<String, Object> named = new HashMap<>();
    if (arguments.bind("format_map()", "mapping").get(0) instanceof Map<?, ?> map) {
      map.forEach((k, v) -> named.put(Values.keyword(k), v));
      rendering.budget().elements(named.size());
    }
    return format(rendering, format, new Arguments(java.util.List.of(), named));
  }

  private String run(String format, boolean nested) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < format.length()) {
      char c = format.charAt(at);
      if (c != '{' && c != '}') {
        out.append(c);
        at++;
      } else if (format.startsWith(c == '{' ? "{{" : "}}", at)) {
        out.append(c);
        at += 2;
      } else if (c == '}' || !nested) {
        throw new TemplateException("Single '" + c + "' encountered in format string");
      } else {
        int end = end(format, at);
        String text = field(format.substring(at + 1, end));
        rendering.budget().grown((long) out.length() + text.length(), text.length() + (end - at));
        out.append(text);
        at = end + 1;
      }
    }
    return out.toString();
  }

  private static int end(String format, int from) {
    int depth = 0;
    for (int i = from; i < format.length(); i++) {
      depth += format.charAt(i) == '{' ? 1 : format.charAt(i) == '}' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw new TemplateException("expected '}' before end of string");
  }

  private String field(String field) {
    Matcher m = FIELD.matcher(field);
    if (!m.lookingAt()) {
      throw new TemplateException("a field of the format is ill-formed");
    }
    Object value = value(m.group("first"));
    Matcher step = STEP.matcher(field);
    int at = m.end();
    while (step.region(at, field.length()).lookingAt()) {
      at = step.end();
      String key = step.group(1) != null ? step.group(1) : step.group(2);
      value =
          step.group(1) != null
              ? rendering.attribute(value, key)
              : rendering.item(value, key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key);
      Values.refuseUndefined(value);
    }
    String rest = field.substring(at);
    if (rest.startsWith("!") && rest.length() > 1) {
      value =
          rest.charAt(1) == 's' ? Printer.str(rendering, value) : Printer.repr(rendering, value);
      rest = rest.substring(2);
    }
    if (!rest.isEmpty() && !rest.startsWith(":")) {
      throw new TemplateException("expected ':' after conversion specifier");
    }
    String spec = rest.isEmpty() ? "" : rest.substring(1);
    return apply(value, spec.indexOf('{') < 0 ? spec : inner(spec));
  }

  /** Fields in a specification: one level only. */
  private String inner(String spec) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < spec.length()) {
      if (spec.charAt(at) != '{') {
        out.append(spec.charAt(at++));
        continue;
      }
      int end = end(spec, at);
      String field = spec.substring(at + 1, end);
      if (field.indexOf('{') >= 0) {
        throw new TemplateException("Max string recursion exceeded");
      }
      String text = field(field);
      rendering.budget().text((long) out.length() + text.length());
      out.append(text);
      at = end + 1;
    }
    return out.toString();
  }

  private Object value(String name) {
    boolean index = name.isEmpty() || name.matches("\\d{1,6}");
    if (index) {
      if (automatic != 0 && automatic > 0 != name.isEmpty()) {
        throw new TemplateException("cannot mix manual and automatic field numbering");
      }
      int i = name.isEmpty() ? automatic : Integer.parseInt(name);
      automatic = name.isEmpty() ? automatic + 1 : -1;
      if (i >= arguments.positional().size()) {
        throw new TemplateException(
            "Replacement index " + i + " out of range for positional args tuple");
      }
      return arguments.positional().get(i);
    }
    Object value = arguments.named().getOrDefault(name, PythonObject.MISSING);
    if (value == PythonObject.MISSING) {
      throw new TemplateException("the format has a field '" + name + "' and no value for it");
    }
    return value;
  }

  private String apply(Object value, String spec) {
    if (spec.isEmpty()) {
      return Printer.str(rendering, value);
    }
    Matcher m = SPEC.matcher(spec);
    if (!m.matches() || value instanceof Undefined) {
      throw new TemplateException("Invalid format specifier '" + spec + "'");
    }
    Number n = Numbers.number(value);
    boolean numeric = n != null;
    boolean zero = m.group("zero") != null;
    char type = m.group("type") == null ? 0 : m.group("type").charAt(0);
    String align = m.group("align");
    int precision = m.group("precision") == null ? -1 : Integer.parseInt(m.group("precision"));
    boolean real = n instanceof Double || "eEfFgG%".indexOf(type) >= 0 && type != 0;
    FormatSpec shape =
        new FormatSpec(
            m.group("fill") != null ? m.group("fill") : zero ? "0" : " ",
            align != null ? align.charAt(0) : zero && numeric ? '=' : numeric ? '>' : '<',
            m.group("sign") == null ? '-' : m.group("sign").charAt(0),
            m.group("alternate") != null,
            m.group("width") == null ? 0 : Integer.parseInt(m.group("width")),
            m.group("grouping") == null ? 0 : m.group("grouping").charAt(0),
            precision,
            type == 0 && real ? 'g' : type);
    if (!numeric) {
      if (!Values.isText(value) || type != 0 && type != 's') {
        throw new TemplateException(
            "unsupported format string passed to " + Values.typeName(value) + ".__format__");
      }
      return shape.text(rendering, Printer.str(rendering, value));
    }
    return number(shape, n, type, real);
  }

  private String number(FormatSpec shape, Number n, char type, boolean real) {
    if (real && type == 0 && shape.precision() < 0) {
      // Without type and precision a double is printed as str does, but padded.
      String digits = Numbers.repr(n);
      FormatSpec text =
          new FormatSpec(shape.fill(), '>', '-', false, shape.width(), (char) 0, -1, 's');
      return text.text(rendering, digits);
    }
    if (real) {
      if (n instanceof Double && type != 0 && "eEfFgGn%".indexOf(type) < 0) {
        throw new TemplateException(
            "Unknown format code '" + type + "' for object of type 'float'");
      }
      return shape.real(rendering, n.doubleValue());
    }
    if (type == 'c') {
      return shape.text(rendering, Character.toString(n.intValue()));
    }
    if (type != 0 && "bdonxX".indexOf(type) < 0 || shape.precision() >= 0) {
      throw new TemplateException("Unknown format code '" + type + "' for object of type 'int'");
    }
    return shape.whole(
        rendering, n instanceof BigInteger b ? b : BigInteger.valueOf(n.longValue()));
  }
}
