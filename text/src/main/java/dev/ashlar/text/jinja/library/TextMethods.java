package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Arguments;
import dev.ashlar.text.jinja.value.Budget;
import dev.ashlar.text.jinja.value.Markup;
import dev.ashlar.text.jinja.value.Numbers;
import dev.ashlar.text.jinja.value.Operators;
import dev.ashlar.text.jinja.value.Printer;
import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.Search;
import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.Text;
import dev.ashlar.text.jinja.value.Tuple;
import dev.ashlar.text.jinja.value.Values;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.IntPredicate;

/** The methods of Python's text. */
final class TextMethods {
  /** Characters of a title that are worth one unit of work: each is made by itself. */
  static final int TITLE = 2;

  private TextMethods() {}

  /** A method that needs no arguments. */
  @FunctionalInterface
  private interface Change {
    String of(String s);
  }

  /** A method of text. */
  @FunctionalInterface
  private interface Method {
    Object call(Rendering rendering, String s, Arguments arguments);
  }

  static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    changes(all);
    questions(all);
    cuts(all);
    searches(all);
    add(all, "join", TextMethods::join);
    add(all, "format", BraceFormat::format);
    add(all, "format_map", (r, s, a) -> BraceFormat.formatMap(r, s, a));
    add(all, "ljust", (r, s, a) -> pad(r, s, a, false, true));
    add(all, "rjust", (r, s, a) -> pad(r, s, a, true, false));
    add(all, "center", (r, s, a) -> pad(r, s, a, true, true));
    add(all, "zfill", TextMethods::zeroFill);
    add(all, "expandtabs", TextMethods::expandTabs);
    return Map.copyOf(all);
  }

  /** Safe text gives safe text. */
  private static void add(Map<String, Filter> all, String name, Method method) {
    all.put(
        name,
        (r, v, a) -> {
          String s = v.toString();
          r.budget().text(s.length());
          Object result = method.call(r, s, a);
          return v instanceof Markup && result instanceof String t ? new Markup(t) : result;
        });
  }

  private static void change(Map<String, Filter> all, String name, Change change) {
    add(
        all,
        name,
        (r, s, a) -> {
          a.bind(name + "()");
          return change.of(s);
        });
  }

  private static void changes(Map<String, Filter> all) {
    change(all, "upper", s -> s.toUpperCase(Locale.ROOT));
    change(all, "lower", s -> s.toLowerCase(Locale.ROOT));
    change(all, "casefold", s -> s.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
    change(all, "capitalize", Text::capitalize);
    add(all, "title", TextMethods::title);
    change(all, "swapcase", TextMethods::swapCase);
    add(all, "strip", (r, s, a) -> strip(r, s, a, "strip()", true, true));
    add(all, "lstrip", (r, s, a) -> strip(r, s, a, "lstrip()", true, false));
    add(all, "rstrip", (r, s, a) -> strip(r, s, a, "rstrip()", false, true));
    add(all, "replace", TextMethods::replace);
    add(all, "removeprefix", (r, s, a) -> remove(s, a, "removeprefix()", true));
    add(all, "removesuffix", (r, s, a) -> remove(s, a, "removesuffix()", false));
  }

  private static String strip(
      Rendering r, String s, Arguments a, String name, boolean left, boolean right) {
    return Text.strip(s, a.bind(name, "chars?").text(0, null), left, right, r.budget());
  }

  private static String remove(String s, Arguments arguments, String name, boolean front) {
    String part = arguments.bind(name, "part").text(0, "");
    if (front) {
      return s.startsWith(part) ? s.substring(part.length()) : s;
    }
    return s.endsWith(part) ? s.substring(0, s.length() - part.length()) : s;
  }

  private static Object replace(Rendering r, String s, Arguments arguments) {
    Arguments.Bound a = arguments.bind("replace()", "old", "new", "count?");
    requireText(a.get(0), "replace()");
    requireText(a.get(1), "replace()");
    return Text.replace(s, a.text(0, ""), a.text(1, ""), a.whole(2, -1), r.budget());
  }

  private static void requireText(Object value, String callee) {
    Values.refuseUndefined(value);
    if (!Values.isText(value)) {
      throw new TemplateException(callee + " needs text, not '" + Values.typeName(value) + "'");
    }
  }

  private static Object title(Rendering r, String s, Arguments arguments) {
    arguments.bind("title()");
    r.budget().work(s.length() / TITLE);
    return title(s);
  }

  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean starts = true;
    for (int c : s.codePoints().toArray()) {
      String one = Character.toString(c);
      out.append(starts ? Text.titleCase(c) : one.toLowerCase(Locale.ROOT));
      starts = !isCased(c);
    }
    return out.toString();
  }

  private static String swapCase(String s) {
    StringBuilder out = new StringBuilder(s.length());
    for (int c : s.codePoints().toArray()) {
      String one = Character.toString(c);
      out.append(
          Character.isUpperCase(c) ? one.toLowerCase(Locale.ROOT) : one.toUpperCase(Locale.ROOT));
    }
    return out.toString();
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  private static void questions(Map<String, Filter> all) {
    every(all, "isspace", Text::isSpace);
    every(all, "isalpha", Character::isLetter);
    every(all, "isdigit", TextMethods::isDigit);
    every(all, "isdecimal", Character::isDigit);
    every(all, "isnumeric", c -> isDigit(c) || numeric(c));
    every(all, "isalnum", c -> Character.isLetter(c) || isDigit(c) || numeric(c));
    add(all, "isascii", (r, s, a) -> s.chars().allMatch(c -> c < 0x80));
    add(all, "isprintable", (r, s, a) -> s.codePoints().allMatch(Printer::isPrintable));
    add(all, "isupper", (r, s, a) -> r.test("upper", s, Arguments.NONE));
    add(all, "islower", (r, s, a) -> r.test("lower", s, Arguments.NONE));
    add(
        all,
        "istitle",
        (r, s, a) -> s.codePoints().anyMatch(TextMethods::isCased) && title(r, s, a).equals(s));
    add(
        all,
        "isidentifier",
        (r, s, a) -> {
          r.budget().work(s.length() / TITLE);
          return s.matches("[\\p{L}\\p{Nl}_][\\p{L}\\p{Nl}\\p{Mn}\\p{Mc}\\p{Nd}\\p{Pc}]*");
        });
    affix(all, "startswith", (s, part) -> s.startsWith(part));
    affix(all, "endswith", (s, part) -> s.endsWith(part));
  }

  private static boolean isDigit(int c) {
    boolean superscript = c == 0xb2 || c == 0xb3 || c == 0xb9 || c >= 0x2070 && c <= 0x2089;
    return Character.isDigit(c) || superscript && numeric(c);
  }

  private static boolean numeric(int c) {
    int type = Character.getType(c);
    return type == Character.OTHER_NUMBER || type == Character.LETTER_NUMBER;
  }

  private static void every(Map<String, Filter> all, String name, IntPredicate test) {
    add(
        all,
        name,
        (r, s, a) -> {
          a.bind(name + "()");
          return !s.isEmpty() && s.codePoints().allMatch(test);
        });
  }

  private static void affix(
      Map<String, Filter> all, String name, BiPredicate<String, String> test) {
    add(
        all,
        name,
        (r, s, arguments) -> {
          Arguments.Bound a = arguments.bind(name + "()", "part", "start?", "end?");
          Values.refuseUndefined(a.get(0));
          String within = sub(r, s, a, 1);
          if (a.get(0) instanceof Tuple parts) {
            parts.items().forEach(p -> r.budget().scan(affix(p, within)));
            return parts.items().stream()
                .anyMatch(p -> Values.isText(p) && test.test(within, p.toString()));
          }
          requireText(a.get(0), name + "()");
          return test.test(within, a.text(0, ""));
        });
  }

  /** What it takes to compare the end of a text with an affix. */
  private static long affix(Object part, String within) {
    return Values.isText(part) ? Math.min(part.toString().length(), within.length()) : 0;
  }

  /** The text between the bounds that a call gives as arguments {@code i} and {@code i + 1}. */
  private static String sub(Rendering r, String s, Arguments.Bound a, int i) {
    return a.get(i) == null && a.get(i + 1) == null
        ? s
        : Operators.slice(s, a.get(i), a.get(i + 1), null, r).toString();
  }

  private static void cuts(Map<String, Filter> all) {
    add(all, "split", (r, s, a) -> split(r, s, a, false));
    add(all, "rsplit", (r, s, a) -> split(r, s, a, true));
    add(all, "partition", (r, s, a) -> partition(r, s, a, false));
    add(all, "rpartition", (r, s, a) -> partition(r, s, a, true));
    add(all, "splitlines", TextMethods::lines);
  }

  private static Object lines(Rendering r, String s, Arguments arguments) {
    List<Object> lines = Text.lines(s, arguments.bind("splitlines()", "keepends?").flag(0));
    r.budget().elements(lines.size());
    return lines;
  }

  private static Object split(Rendering r, String s, Arguments arguments, boolean right) {
    Arguments.Bound a = arguments.bind(right ? "rsplit()" : "split()", "sep?", "maxsplit?");
    Values.refuseUndefined(a.get(0));
    String separator = a.text(0, null);
    int most = Math.max(-1, a.whole(1, -1));
    List<Object> parts;
    if (separator == null) {
      parts = right ? Text.wordsFromRight(s, most) : Text.words(s, most);
    } else {
      parts =
          right
              ? Text.splitFromRight(s, separator, most, r.budget())
              : Text.split(s, separator, most, r.budget());
    }
    r.budget().elements(parts.size());
    return parts;
  }

  private static Object partition(Rendering r, String s, Arguments arguments, boolean right) {
    String separator = arguments.bind(right ? "rpartition()" : "partition()", "sep").text(0, "");
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    Search search = new Search(separator, r.budget());
    int at = right ? search.previous(s, s.length()) : search.next(s, 0);
    if (at < 0) {
      return right ? Tuple.of("", "", s) : Tuple.of(s, "", "");
    }
    return Tuple.of(s.substring(0, at), separator, s.substring(at + separator.length()));
  }

  private static void searches(Map<String, Filter> all) {
    add(all, "find", (r, s, a) -> find(r, s, a, "find()", false, false));
    add(all, "rfind", (r, s, a) -> find(r, s, a, "rfind()", true, false));
    add(all, "index", (r, s, a) -> find(r, s, a, "index()", false, true));
    add(all, "rindex", (r, s, a) -> find(r, s, a, "rindex()", true, true));
    add(all, "count", TextMethods::count);
  }

  private static Object find(
      Rendering r, String s, Arguments arguments, String name, boolean last, boolean required) {
    Arguments.Bound a = arguments.bind(name, "sub", "start?", "end?");
    requireText(a.get(0), name);
    String within = sub(r, s, a, 1);
    String part = a.text(0, "");
    Search search = new Search(part, r.budget());
    int at = last ? search.previous(within, within.length()) : search.next(within, 0);
    if (at < 0) {
      if (required) {
        throw new TemplateException("substring not found");
      }
      return -1L;
    }
    long size = Text.length(s);
    Object from = a.get(1);
    long start = from == null ? 0 : Numbers.number(from).longValue();
    start = start < 0 ? Math.max(0, start + size) : start;
    return start + Text.length(within.substring(0, at));
  }

  private static Object count(Rendering r, String s, Arguments arguments) {
    Arguments.Bound a = arguments.bind("count()", "sub", "start?", "end?");
    requireText(a.get(0), "count()");
    String within = sub(r, s, a, 1);
    String part = a.text(0, "");
    if (part.isEmpty()) {
      return Text.length(within) + 1L;
    }
    Search search = new Search(part, r.budget());
    long count = 0;
    for (int at = search.next(within, 0); at >= 0; at = search.next(within, at + part.length())) {
      count++;
    }
    return count;
  }

  private static Object join(Rendering r, String s, Arguments arguments) {
    Iterator<Object> it = Values.iterate(arguments.bind("join()", "iterable").get(0), r);
    StringBuilder out = new StringBuilder();
    boolean more = false;
    while (it.hasNext()) {
      Object item = it.next();
      requireText(item, "join()");
      out.append(more ? s : "").append(item);
      r.budget().text(s.length() + (long) item.toString().length());
      if (out.length() > Budget.LONGEST_TEXT) {
        r.budget().text(out.length());
      }
      more = true;
    }
    return out.toString();
  }

  private static Object pad(
      Rendering r, String s, Arguments arguments, boolean left, boolean right) {
    Arguments.Bound a = arguments.bind("padding", "width", "fillchar?");
    String fill = a.text(1, " ");
    if (Text.length(fill) != 1) {
      throw new TemplateException("the fill character must be exactly one character long");
    }
    return Text.pad(s, a.whole(0, 0), fill, left, right, r.budget());
  }

  private static Object zeroFill(Rendering r, String s, Arguments arguments) {
    int width = arguments.bind("zfill()", "width").whole(0, 0);
    boolean signed = s.startsWith("-") || s.startsWith("+");
    String digits = signed ? s.substring(1) : s;
    String padded = Text.pad(digits, signed ? width - 1L : width, "0", true, false, r.budget());
    return (signed ? s.substring(0, 1) : "") + padded;
  }

  private static Object expandTabs(Rendering r, String s, Arguments arguments) {
    int size = Math.clamp(arguments.bind("expandtabs()", "tabsize?").whole(0, 8), 0, 1000);
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int c : s.codePoints().toArray()) {
      if (c == '\t') {
        int spaces = size == 0 ? 0 : size - column % size;
        out.append(" ".repeat(spaces));
        column += spaces;
        r.budget().text(out.length() > 1 << 20 ? out.length() : spaces);
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
