package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Values;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Filters that make numbers, or text of numbers. */
final class NumberFilters {
  private static final List<String> BINARY =
      List.of("KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB");
  private static final List<String> DECIMAL =
      List.of("kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB");

  private NumberFilters() {}

  static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    all.put("int", NumberFilters::whole);
    all.put("float", NumberFilters::real);
    all.put("abs", NumberFilters::absolute);
    all.put("round", NumberFilters::round);
    all.put("filesizeformat", NumberFilters::fileSize);
    return all;
  }

  private static Object whole(Rendering r, Object value, Arguments arguments) {
    Values.refuseUndefined(value);
    Arguments.Bound a = arguments.bind("int", "default?", "base?");
    pay(r, value);
    Number n = Numbers.number(value);
    if (n == null && Values.isText(value)) {
      n = Numbers.parseWhole(value.toString(), a.whole(1, 10));
      n = n == null ? Numbers.parseDouble(value.toString()) : n;
    }
    boolean finite = n != null && !(n instanceof Double d && !Double.isFinite(d));
    return finite ? Numbers.truncate(n) : a.get(0, 0L);
  }

  /** Pays for reading a number from text. */
  private static void pay(Rendering r, Object value) {
    r.budget().scan(Values.isText(value) ? value.toString().length() : 0);
  }

  private static Object real(Rendering r, Object value, Arguments arguments) {
    Values.refuseUndefined(value);
    Arguments.Bound a = arguments.bind("float", "default?");
    pay(r, value);
    Number n = Values.isText(value) ? Numbers.parseDouble(value.toString()) : Numbers.number(value);
    return n == null ? a.get(0, 0.0) : (Object) n.doubleValue();
  }

  private static Number number(String filter, Object value) {
    Values.refuseUndefined(value);
    Number n = Numbers.number(value);
    if (n == null) {
      throw new TemplateException(filter + " needs a number, not '" + Values.typeName(value) + "'");
    }
    return n;
  }

  private static Object absolute(Rendering r, Object value, Arguments arguments) {
    arguments.bind("abs");
    return Numbers.absolute(number("abs", value));
  }

  private static Object round(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("round", "precision?", "method?");
    Number n = number("round", value);
    int digits = a.whole(0, 0);
    String method = a.text(1, "common");
    if (method.equals("common")) {
      return Numbers.round(n, digits, RoundingMode.HALF_EVEN);
    }
    if (!method.equals("ceil") && !method.equals("floor")) {
      throw new TemplateException("round takes common, ceil or floor as its method");
    }
    double scale = Math.pow(10, digits);
    double scaled = n.doubleValue() * scale;
    return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
  }

  private static Object fileSize(Rendering r, Object value, Arguments arguments) {
    boolean binary = arguments.bind("filesizeformat", "binary?").flag(0);
    pay(r, value);
    Double parsed =
        Values.isText(value)
            ? Numbers.parseDouble(value.toString())
            : (Double) number("filesizeformat", value).doubleValue();
    double bytes = parsed == null || !Double.isFinite(parsed) ? 0 : parsed;
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return (long) bytes + " Bytes";
    }
    double unit = base;
    int i = 0;
    while (bytes >= unit * base && i + 1 < BINARY.size()) {
      unit *= base;
      i++;
    }
    BigDecimal shown = new BigDecimal(bytes / unit).setScale(1, RoundingMode.HALF_EVEN);
    return shown + " " + (binary ? BINARY : DECIMAL).get(i);
  }
}
