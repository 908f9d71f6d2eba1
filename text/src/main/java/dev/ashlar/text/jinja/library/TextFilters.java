package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Text;
import dev.ashlar.text.jinja.value.Undefined;
import dev.ashlar.text.jinja.value.Values;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters that make text of anything. */
final class TextFilters {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private TextFilters() {}

  /** A change of text that needs no arguments. */
  @FunctionalInterface
  private interface Change {
    String of(String s);
  }

  static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    change(all, "upper", s -> s.toUpperCase(Locale.ROOT));
    change(all, "lower", s -> s.toLowerCase(Locale.ROOT));
    change(all, "capitalize", Text::capitalize);
    all.put("title", TextFilters::title);
    all.put("trim", TextFilters::trim);
    all.put("string", (r, v, a) -> Values.isText(v) ? v : Printer.str(r, v));
    all.put("replace", TextFilters::replace);
    all.put("indent", TextFilters::indent);
    all.put("center", TextFilters::center);
    all.put("truncate", TextFilters::truncate);
    all.put("wordcount", (r, v, a) -> wordCount(r, Printer.str(r, v)));
    all.put("format", TextFilters::format);
    all.put("safe", (r, v, a) -> v instanceof Markup ? v : new Markup(Printer.str(r, v)));
    all.put("escape", (r, v, a) -> Markup.escape(v, r));
    all.put("e", (r, v, a) -> Markup.escape(v, r));
    all.put("forceescape", (r, v, a) -> Markup.escape(Printer.str(r, v), r));
    all.put("urlencode", TextFilters::urlEncode);
    return all;
  }

  private static void change(Map<String, Filter> all, String name, Change change) {
    all.put(
        name,
        (r, v, a) -> {
          a.bind(name);
          String s = Printer.str(r, v);
          r.budget().text(s.length());
          return like(v, change.of(s));
        });
  }

  /** Safe text stays safe. */
  private static Object like(Object original, String text) {
    return original instanceof Markup ? new Markup(text) : text;
  }

  /** What must be text already. */
  private static String text(Object value, String filter) {
    Values.refuseUndefined(value);
    if (!Values.isText(value)) {
      throw new TemplateException(filter + " needs text, not '" + Values.typeName(value) + "'");
    }
    return value.toString();
  }

  private static Object title(Rendering r, Object value, Arguments arguments) {
    arguments.bind("title");
    String s = Printer.str(r, value);
    r.budget().text(s.length());
    r.budget().work(s.length() / TextMethods.TITLE);
    return like(value, title(s));
  }

  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean starts = true;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      int next = i + Character.charCount(c);
      boolean separates = Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
      String one = s.substring(i, next);
      out.append(
          separates ? one : starts ? one.toUpperCase(Locale.ROOT) : one.toLowerCase(Locale.ROOT));
      starts = separates;
      i = next;
    }
    return out.toString();
  }

  private static Object trim(Rendering r, Object value, Arguments arguments) {
    String characters = arguments.bind("trim", "chars?").text(0, null);
    return like(value, Text.strip(Printer.str(r, value), characters, true, true, r.budget()));
  }

  private static Object replace(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("replace", "old", "new", "count?");
    return Text.replace(
        Printer.str(r, value),
        Printer.str(r, a.get(0)),
        Printer.str(r, a.get(1)),
        a.whole(2, -1),
        r.budget());
  }

  private static Object indent(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("indent", "width?", "first?", "blank?");
    String step = Values.isText(a.get(0)) ? a.text(0, "") : null;
    if (step == null) {
      int width = Math.max(0, a.whole(0, 4));
      r.budget().text(width);
      step = " ".repeat(width);
    }
    r.budget().text(text(value, "indent").length());
    List<Object> lines = Text.lines(text(value, "indent") + "\n", false);
    StringBuilder out = new StringBuilder(a.flag(1) ? step : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i > 0 && (a.flag(2) || !line.isEmpty());
      out.append(i > 0 ? "\n" : "").append(indented ? step : "").append(line);
      r.budget().grown(out.length(), step.length() + line.length());
    }
    return like(value, out.toString());
  }

  private static Object center(Rendering r, Object value, Arguments arguments) {
    int width = arguments.bind("center", "width?").whole(0, 80);
    return like(value, Text.pad(Printer.str(r, value), width, " ", true, true, r.budget()));
  }

  private static Object truncate(Rendering r, Object value, Arguments arguments) {
    Arguments.Bound a = arguments.bind("truncate", "length?", "killwords?", "end?", "leeway?");
    int length = a.whole(0, 255);
    String end = a.text(2, "...");
    int leeway = a.whole(3, 5);
    if (length < Text.length(end) || leeway < 0) {
      throw new TemplateException("truncate needs a length of at least that of its end");
    }
    if (Values.length(value, r) <= (long) length + leeway) {
      return value;
    }
    String s = text(value, "truncate");
    String cut = Text.sub(s, 0, length - Text.length(end));
    int space = cut.lastIndexOf(' ');
    return (a.flag(1) || space < 0 ? cut : cut.substring(0, space)) + end;
  }

  private static long wordCount(Rendering r, String s) {
    r.budget().scan(s.length());
    long words = 0;
    boolean inside = false;
    for (int c : s.codePoints().toArray()) {
      boolean part = Character.isLetterOrDigit(c) || c == '_';
      words += part && !inside ? 1 : 0;
      inside = part;
    }
    return words;
  }

  private static Object format(Rendering r, Object value, Arguments a) {
    if (!a.positional().isEmpty() && !a.named().isEmpty()) {
      throw new TemplateException("format takes either positional or named arguments, not both");
    }
    Object values =
        a.named().isEmpty()
            ? dev.ashlar.text.jinja.value.Tuple.of(a.positional())
            : new java.util.LinkedHashMap<Object, Object>(a.named());
    return like(value, PercentFormat.format(r, Printer.str(r, value), values));
  }

  private static Object urlEncode(Rendering r, Object value, Arguments arguments) {
    arguments.bind("urlencode");
    if (Values.isText(value) || !Values.isIterable(value) || value instanceof Undefined) {
      return quote(r, Printer.str(r, value), true);
    }
    List<String> pairs = new ArrayList<>();
    Object items = value instanceof Map<?, ?> m ? SequenceFilters.pairs(r, m) : value;
    for (Object pair : Values.list(items, r)) {
      List<Object> two = Values.list(pair, r);
      if (two.size() != 2) {
        throw new TemplateException("urlencode needs pairs, not " + two.size() + " values");
      }
      pairs.add(
          quote(r, Printer.str(r, two.get(0)), false)
              + "="
              + quote(r, Printer.str(r, two.get(1)), false));
    }
    return String.join("&", pairs);
  }

  private static String quote(Rendering r, String s, boolean path) {
    r.budget().work(s.length());
    StringBuilder out = new StringBuilder();
    for (byte b : s.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (letter || "_.-~".indexOf(c) >= 0 || c == '/' && path) {
        out.append(c);
      } else if (c == ' ' && !path) {
        out.append('+');
      } else {
        out.append('%').append(HEX.toHighHexDigit(c)).append(HEX.toLowHexDigit(c));
      }
    }
    return out.toString();
  }
}
