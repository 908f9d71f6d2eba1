package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Figures;
import java.util.List;
import java.util.Locale;

/** Measurements as lines of text. */
final class Table {
  private Table() {}

  static String of(Measurements all) {
    StringBuilder text = new StringBuilder();
    text.append(all.machine().get(Machine.BACKEND)).append(", java ");
    text.append(all.machine().get(Machine.JAVA)).append('\n');
    section(text, Measurements.CEILINGS, all.ceilings(), all);
    all.groups().forEach(g -> section(text, g, all.of(g), all));
    return text.toString();
  }

  private static void section(
      StringBuilder text, String title, List<Line> lines, Measurements all) {
    text.append('\n').append(title).append('\n');
    lines.forEach(l -> text.append(line(l, all.share(l))).append('\n'));
    all.missingOf(title).forEach(m -> text.append(line(m)).append('\n'));
  }

  private static String line(Line l, double share) {
    return String.format(
            Locale.ROOT,
            "  %-36s %-10s %3d thr %10s ±%-4s %8s %-7s %s",
            l.name(),
            l.backend(),
            l.threads(),
            duration(l.seconds().median()),
            percent(l.seconds().relative() / 2),
            Figures.significant(l.rate()),
            l.unit(),
            (Double.isNaN(share) ? "" : String.format(Locale.ROOT, "%5s", percent(share)))
                + ways(l))
        .stripTrailing();
  }

  private static String line(Missing m) {
    return String.format(
        Locale.ROOT,
        "  %-36s %-10s %3d thr %s",
        m.key().name(),
        m.key().backend(),
        m.key().threads(),
        m.text());
  }

  private static String ways(Line l) {
    return l.transfer()
        .map(t -> "  to " + duration(t.toDevice()) + ", from " + duration(t.fromDevice()))
        .orElse("");
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f%%", 100 * share);
  }

  static String duration(double seconds) {
    if (seconds < 1e-3) {
      return Figures.significant(seconds * 1e6) + " µs";
    }
    return seconds < 1
        ? Figures.significant(seconds * 1e3) + " ms"
        : Figures.significant(seconds) + " s";
  }
}
