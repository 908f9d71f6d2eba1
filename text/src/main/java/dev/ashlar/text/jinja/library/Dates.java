package dev.ashlar.text.jinja.library;

import dev.ashlar.text.jinja.value.Rendering;
import dev.ashlar.text.jinja.value.TemplateException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;

/** Python's {@code strftime} in the C locale. */
final class Dates {
  /** The directives that are one of Java's patterns; those with {@code -} do not pad. */
  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("a", "EEE"),
          Map.entry("A", "EEEE"),
          Map.entry("b", "MMM"),
          Map.entry("h", "MMM"),
          Map.entry("B", "MMMM"),
          Map.entry("d", "dd"),
          Map.entry("-d", "d"),
          Map.entry("e", "ppd"),
          Map.entry("m", "MM"),
          Map.entry("-m", "M"),
          Map.entry("y", "uu"),
          Map.entry("Y", "uuuu"),
          Map.entry("H", "HH"),
          Map.entry("-H", "H"),
          Map.entry("I", "hh"),
          Map.entry("-I", "h"),
          Map.entry("M", "mm"),
          Map.entry("-M", "m"),
          Map.entry("S", "ss"),
          Map.entry("-S", "s"),
          Map.entry("p", "a"),
          Map.entry("j", "DDD"),
          Map.entry("-j", "D"),
          Map.entry("u", "e"),
          Map.entry("D", "MM/dd/uu"),
          Map.entry("F", "uuuu-MM-dd"),
          Map.entry("T", "HH:mm:ss"),
          Map.entry("R", "HH:mm"),
          Map.entry("x", "MM/dd/uu"),
          Map.entry("X", "HH:mm:ss"),
          Map.entry("c", "EEE MMM ppd HH:mm:ss uuuu"),
          Map.entry("f", "SSSSSS"),
          Map.entry("G", "YYYY"),
          Map.entry("V", "ww"));

  private Dates() {}

  /** Directives take as long as this many steps. */
  private static final int DIRECTIVE = 20;

  static String format(Rendering r, String format) {
    r.budget().text(format.length());
    LocalDateTime exact = r.now().truncatedTo(ChronoUnit.MICROS);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      boolean bare = format.charAt(i + 1) == '-' && i + 2 < format.length();
      String directive = format.substring(i + 1, i + (bare ? 3 : 2));
      i += directive.length();
      r.budget().work(DIRECTIVE);
      out.append(one(exact, directive));
      r.budget().grown(out.length(), 0);
    }
    return out.toString();
  }

  private static String one(LocalDateTime time, String directive) {
    return switch (directive) {
      case "%" -> "%";
      case "n" -> "\n";
      case "t" -> "\t";
      case "w" -> Integer.toString(time.getDayOfWeek().getValue() % 7);
      case "u" -> Integer.toString(time.getDayOfWeek().getValue());
      // A time without zone: Python prints nothing for these.
      case "Z", "z" -> "";
      case "U" ->
          String.format(
              Locale.ROOT,
              "%02d",
              (time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7);
      case "W" ->
          String.format(
              Locale.ROOT,
              "%02d",
              (time.getDayOfYear() + 6 - (time.getDayOfWeek().getValue() + 6) % 7) / 7);
      default -> {
        String pattern = PATTERNS.get(directive);
        if (pattern == null) {
          throw new TemplateException("strftime_now() does not know '%" + directive + "'");
        }
        // The root locale prints no names; Locale.UK has Monday first, as ISO weeks need it, but
        // spells "Sept" and "pm".
        Locale locale = directive.equals("G") || directive.equals("V") ? Locale.UK : Locale.US;
        yield DateTimeFormatter.ofPattern(pattern, locale).format(time);
      }
    };
  }
}
