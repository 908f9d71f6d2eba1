package dev.ashlar.cli.bench.report;

import dev.ashlar.cli.console.Figures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measurements as one HTML document that needs nothing else: no script, no font, no network. Light
 * or dark as the reader's system is.
 */
final class Page {
  /** In the head, so that a page of ours is known from others'. */
  static final String GENERATOR = "<meta name=\"generator\" content=\"ashlar bench\">";

  /** Classes b0, b1, … of the style sheet. */
  static final int COLOURS = 7;

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #59636e;
        --edge: #d5dae0; --track: #eef1f4; --b0: #8b949e; --b1: #0072b2; --b2: #d55e00;
        --b3: #009e73; --b4: #cc79a7; --b5: #e69f00; --b6: #56b4e9; }
      @media (prefers-color-scheme: dark) { :root { --page: #14171b; --ink: #e6e9ed;
        --soft: #9aa4af; --edge: #363d45; --track: #232930; --b0: #7d8590; --b1: #3b9ede;
        --b2: #f0793a; --b3: #2bbf95; --b4: #d992b9; --b5: #edb53a; --b6: #7cc6f2; } }
      * { box-sizing: border-box; }
      body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--page);
        color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
      h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
      p, li { color: var(--soft); max-width: 46rem; }
      dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 1rem 0; }
      dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere;
        white-space: pre-line; }
      details { color: var(--soft); overflow-wrap: anywhere; }
      @media (max-width: 30rem) { dl { display: block; } dd { margin-bottom: .4rem; } }
      .scroll { overflow-x: auto; margin: .5rem 0; }
      table { border-collapse: collapse; font-size: 13px; white-space: nowrap;
        font-variant-numeric: tabular-nums; }
      th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--edge); }
      th { color: var(--soft); font-weight: 600; }
      .word { text-align: left; }
      .chart { display: block; max-width: 46rem; overflow: visible; font-size: 12px; }
      .chart text { fill: var(--soft); } .chart .title { fill: var(--ink); font-weight: 600; }
      .track { fill: var(--track); } .whisker { stroke: var(--ink); stroke-width: 1; }
      .ceiling { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
      .b0 { fill: var(--b0); } .b1 { fill: var(--b1); } .b2 { fill: var(--b2); }
      .b3 { fill: var(--b3); } .b4 { fill: var(--b4); } .b5 { fill: var(--b5); }
      .b6 { fill: var(--b6); }
      """;

  /** What the facts are called for people. */
  private static final Map<String, String> NAMES = new LinkedHashMap<>();

  static {
    NAMES.put(Machine.PROCESSOR, "processor");
    NAMES.put(Machine.PROCESSORS, "cores");
    NAMES.put(Machine.THREADS, "threads");
    NAMES.put(Machine.SYSTEM, "system");
    NAMES.put(Machine.JAVA, "java");
    NAMES.put(Machine.BACKEND, "backend");
    NAMES.put(Machine.DEVICE, "device");
    NAMES.put(Machine.VECTOR_BITS, "vector width, bits");
    NAMES.put(Machine.WIDTHS, "widths compared, bits");
    NAMES.put(Machine.QUICK, "quick look");
    NAMES.put(Machine.LINE_SECONDS, "most for a device's line, s");
    NAMES.put(Machine.TIME, "most for the run, s");
    NAMES.put(Machine.DATE, "date");
  }

  private final Measurements all;
  private final List<String> backends;
  private final boolean devices;
  private final Html html = new Html();

  private Page(Measurements all) {
    this.all = all;
    this.devices = all.machine().containsKey(Machine.DEVICE);
    // The reference comes first, if only to be grey.
    this.backends =
        Stream.concat(Stream.of("reference"), all.results().stream().map(Line::backend))
            .distinct()
            .toList();
  }

  static String of(Measurements all) {
    return new Page(all).write();
  }

  private String write() {
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw(GENERATOR).raw("\n");
    html.raw(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src"
            + " 'unsafe-inline'\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.element("title", title()).raw("<style>\n" + STYLE + "</style>\n</head>\n<body>\n");
    html.element("h1", title());
    machine();
    html.element("h2", "Ceilings");
    html.element(
        "p",
        "What this machine can do at best, measured in the same run: the two rooflines, multiply-adds"
            + " and reading memory, and moving floats in cache. Every other figure is held against"
            + " the one that bounds it.");
    table(all.ceilings(), all.missingOf(Measurements.CEILINGS));
    for (String group : all.groups()) {
      html.element("h2", capital(group));
      if (!all.of(group).isEmpty()) {
        html.raw(BarChart.of(all, group, backends));
      }
      table(all.of(group), all.missingOf(group));
    }
    method();
    return html.raw("</body>\n</html>\n").toString();
  }

  private String title() {
    return "ashlar bench: " + all.machine().getOrDefault(Machine.PROCESSOR, "a machine");
  }

  private static String capital(String group) {
    return group.isEmpty()
        ? group
        : group.substring(0, 1).toUpperCase(Locale.ROOT) + group.substring(1);
  }

  private void machine() {
    html.raw("<dl>\n");
    NAMES.forEach(
        (key, name) -> {
          if (all.machine().containsKey(key)) {
            html.element("dt", name).element("dd", fact(all.machine().get(key)));
          }
        });
    html.element("dt", "rooflines").element("dd", rooflines()).raw("</dl>\n");
    if (all.machine().get(Machine.FLAGS) instanceof List<?> flags && !flags.isEmpty()) {
      html.raw("<details><summary>flags of java</summary><ul>\n");
      flags.forEach(f -> html.element("li", String.valueOf(f)));
      html.raw("</ul></details>\n");
    }
  }

  /** A fact as text. */
  private static String fact(Object value) {
    if (value instanceof List<?> list) {
      return String.join(", ", list.stream().map(String::valueOf).toList());
    }
    return value instanceof Boolean b ? b ? "yes" : "no" : String.valueOf(value);
  }

  /** Each for as many threads as there are, by whoever came highest. */
  private String rooflines() {
    Map<String, Line> highest = new LinkedHashMap<>();
    for (Line l : all.ceilings()) {
      // What is in cache is no roofline of a model.
      if (!l.name().contains("cache")) {
        highest.merge(
            l.name() + ", " + Line.threads(l.threads()), l, (a, b) -> a.rate() >= b.rate() ? a : b);
      }
    }
    List<String> lines = new ArrayList<>();
    highest.forEach(
        (name, l) -> lines.add(name + ": " + Figures.significant(l.rate()) + " " + l.unit()));
    return String.join("\n", lines);
  }

  private void table(List<Line> lines, List<Missing> missing) {
    html.raw("<div class=\"scroll\"><table>\n<thead><tr>");
    html.raw("<th class=\"word\">work</th><th class=\"word\">backend</th><th>threads</th>");
    html.raw("<th>median</th><th>fastest</th><th>slowest</th><th>rounds</th><th>rate</th>");
    html.raw("<th>of ceiling</th><th>first call</th><th>warm-up</th><th>relative L2</th>");
    if (devices) {
      html.raw("<th>to device</th><th>from device</th>");
    }
    html.raw("</tr></thead>\n<tbody>\n");
    lines.forEach(this::row);
    missing.forEach(this::row);
    html.raw("</tbody></table></div>\n");
  }

  private void row(Missing m) {
    html.raw("<tr>");
    html.element("td", m.key().name(), "class", "word");
    html.element("td", m.key().backend(), "class", "word");
    html.element("td", String.valueOf(m.key().threads()));
    html.element("td", m.text(), "class", "word", "colspan", devices ? 11 : 9).raw("</tr>\n");
  }

  private void row(Line l) {
    html.raw("<tr>");
    html.element("td", l.name(), "class", "word").element("td", l.backend(), "class", "word");
    double share = all.share(l);
    for (String cell :
        List.of(
            String.valueOf(l.threads()),
            Table.duration(l.seconds().median()),
            Table.duration(l.seconds().min()),
            Table.duration(l.seconds().max()),
            String.valueOf(l.seconds().rounds()),
            Figures.significant(l.rate()) + " " + l.unit(),
            Double.isNaN(share) ? "" : Table.percent(share),
            Table.duration(l.firstSeconds()),
            Table.duration(l.warmUpSeconds()),
            l.relativeL2().isPresent()
                ? String.format(Locale.ROOT, "%.1e", l.relativeL2().getAsDouble())
                : "–")) {
      html.element("td", cell);
    }
    if (devices) {
      html.element("td", l.transfer().map(t -> Table.duration(t.toDevice())).orElse(""));
      html.element("td", l.transfer().map(t -> Table.duration(t.fromDevice())).orElse(""));
    }
    html.raw("</tr>\n");
  }

  private void method() {
    html.element("h2", "How it was measured").raw("<ul>\n");
    List<String> notes = new ArrayList<>();
    notes.add(
        "Before it is timed, an answer is compared with the reference's (scalar Java, sums in"
            + " double): the relative L2 distance, over as many rows as the reference computes in"
            + " passable time. A wrong answer ends the run. A dash: the line is the reference's own,"
            + " or the reference would take too long.");
    notes.add(
        "The first call is timed by itself: it is interpreted and compiled on the way, unless a line"
            + " above runs the same code. The warm-up lasts until the JIT compiler rests.");
    notes.add(
        "Then the lines of a section are timed in turn, at least three rounds. The median counts;"
            + " whiskers reach from the slowest to the fastest round.");
    notes.add(
        "A share above 100 % is no error: the operands are in a cache that is faster than the"
            + " ceiling's memory, or something else kept the machine busy while the ceiling was"
            + " measured.");
    if (devices) {
      notes.add(
          "Of a device's kernel the operands stay on the device: a call is timed until the device"
              + " has done it, and nothing travels. What came to the device, once, as its driver"
              + " timed it, and the result's way back stand apart; the first call holds the former"
              + " and the kernel's compilation. Whole decoders take hidden states from the host and"
              + " give them back in each step, and that is in their time. Shares are of the"
              + " device's own ceilings; threads are the host's.");
    }
    if (all.machine().containsKey(Machine.WIDTHS)) {
      notes.add(
          "The width of vectors is fixed when java starts, so each width was measured in a process of"
              + " its own (-XX:MaxVectorSize). The processes took turns, round by round: while one"
              + " computed, the others waited. Shares are of the highest ceiling of all widths.");
    }
    if (!all.missing().isEmpty()) {
      notes.add(
          "Lines that were not measured say why: a device has so many seconds for each, its"
              + " preparation, comparison, warm-up and rounds together, and the run may have been"
              + " given an end. What a device failed at is in its own words.");
    }
    notes.forEach(n -> html.element("li", n));
    html.raw("</ul>\n");
  }
}
