package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Figures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Bars of one group as an SVG element, those together that do the same work on as many threads:
 * their length is the share of the ceiling, a whisker reaches from the slowest to the fastest
 * round. Lengths are percentages of the element's width and letters have their own size, so that it
 * is as readable on a telephone as on a wall.
 */
final class BarChart {
  private static final int TITLE = 24;
  private static final int LABEL = 15;
  private static final int BAR = 8;
  private static final int GAP = 6;
  private static final int BOTTOM = 20;

  private final Measurements all;
  private final String group;
  private final List<String> backends;
  private final double end;
  private final Html svg = new Html();
  private int y;

  /**
   * A chart.
   *
   * @param backends all of the report, whose places choose their colours
   */
  private BarChart(Measurements all, String group, List<String> backends) {
    this.all = all;
    this.group = group;
    this.backends = backends;
    this.end =
        all.of(group).stream()
            .mapToDouble(l -> all.share(l) * fastest(l))
            .filter(share -> share > 1)
            .max()
            .orElse(1);
  }

  static String of(Measurements all, String group, List<String> backends) {
    return new BarChart(all, group, backends).draw();
  }

  private static double fastest(Line l) {
    return l.seconds().median() / l.seconds().min();
  }

  private String draw() {
    Map<String, List<Line>> together = new LinkedHashMap<>();
    for (Line l : all.of(group)) {
      String title = l.name() + ", " + Line.threads(l.threads());
      together.computeIfAbsent(title, t -> new ArrayList<>()).add(l);
    }
    together.forEach(this::cluster);
    String bars = svg.toString();
    int height = y + BOTTOM;
    Html chart =
        new Html()
            .open(
                "svg",
                "class",
                "chart",
                "width",
                "100%",
                "height",
                height,
                "role",
                "img",
                "aria-label",
                group + ": share of the ceiling; the table below has the figures");
    chart
        .open("line", "class", "ceiling", "x1", x(1), "x2", x(1), "y1", 4, "y2", y)
        .close("line")
        .raw(bars)
        .element(
            "text",
            "100 % of the ceiling",
            "class",
            "axis",
            "x",
            x(1),
            "y",
            height - 5,
            "text-anchor",
            // As little of it as can be beyond an edge.
            end > 1.6 ? "middle" : "end");
    return chart.close("svg").toString();
  }

  private void cluster(String title, List<Line> lines) {
    svg.element("text", title, "class", "title", "x", 0, "y", y + TITLE - 8);
    y += TITLE;
    lines.forEach(this::bar);
  }

  private void bar(Line l) {
    double share = all.share(l);
    String figures =
        (Double.isNaN(share) ? "" : Table.percent(share) + " · ")
            + Figures.significant(l.rate())
            + " "
            + l.unit();
    svg.open("g").element("title", explained(l, figures));
    svg.element("text", l.backend(), "x", 0, "y", y + LABEL - 4);
    svg.element("text", figures, "x", "100%", "y", y + LABEL - 4, "text-anchor", "end");
    y += LABEL;
    svg.open("rect", "class", "track", "width", "100%", "y", y, "height", BAR, "rx", 2)
        .close("rect");
    if (!Double.isNaN(share)) {
      String colour = "b" + backends.indexOf(l.backend()) % Page.COLOURS;
      svg.open("rect", "class", colour, "width", x(share), "y", y, "height", BAR, "rx", 2)
          .close("rect");
      double slow = share * l.seconds().median() / l.seconds().max();
      double fast = share * fastest(l);
      whisker(x(slow), x(fast), y + BAR / 2, y + BAR / 2);
      whisker(x(slow), x(slow), y + 1, y + BAR - 1);
      whisker(x(fast), x(fast), y + 1, y + BAR - 1);
    }
    svg.close("g");
    y += BAR + GAP;
  }

  private void whisker(String x1, String x2, int y1, int y2) {
    svg.open("line", "class", "whisker", "x1", x1, "x2", x2, "y1", y1, "y2", y2).close("line");
  }

  private static String explained(Line l, String figures) {
    return l.name()
        + ", "
        + l.backend()
        + ": "
        + figures
        + ", "
        + Table.duration(l.seconds().median())
        + " ("
        + Table.duration(l.seconds().min())
        + " to "
        + Table.duration(l.seconds().max())
        + " in "
        + l.seconds().rounds()
        + " rounds)";
  }

  private String x(double share) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * Math.clamp(share / end, 0, 1));
  }
}
