package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.evaluate.Figure;
import dev.ashlar.engine.evaluate.Measurement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Says what {@code eval} found out.
 *
 * @param model as the user names it
 * @param backend what computed
 * @param activations what packed weights were multiplied by
 * @param head how the output head was kept
 * @param all at least one
 */
record EvalReport(
    String model, String backend, String activations, String head, List<Measurement> all) {
  private static final String ERROR = "StandardError";

  /** The figures of the first data set also stand at the top, where programs look for one. */
  Report report() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("backend", backend);
    facts.put("activations", activations);
    facts.put("head", head);
    facts.putAll(facts(all.getFirst()));
    facts.put("results", all.stream().map(EvalReport::facts).toList());
    return new Report(String.join("\n", table()), facts);
  }

  private static Map<String, Object> facts(Measurement m) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("dataset", m.dataset());
    facts.put("task", m.task());
    m.figures()
        .forEach(
            (name, figure) -> {
              facts.put(name, figure.value());
              figure.standardError().ifPresent(e -> facts.put(name + ERROR, e));
            });
    facts.putAll(m.counts());
    facts.put("seconds", m.time().toNanos() / 1e9);
    return facts;
  }

  /** A line for each figure, in columns as wide as they need to be. */
  private List<String> table() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("data set", "task", "figure", "value", "± error", "measured on"));
    for (Measurement m : all) {
      List<String> counts = new ArrayList<>();
      m.counts().forEach((unit, n) -> counts.add(unit + " " + Figures.count(n)));
      String on = String.join(", ", counts) + " in " + Figures.seconds(m.time().toNanos() / 1e9);
      for (Map.Entry<String, Figure> f : m.figures().entrySet()) {
        boolean first = f.getKey().equals(m.figures().keySet().iterator().next());
        Figure figure = f.getValue();
        rows.add(
            List.of(
                first ? m.dataset() : "",
                first ? m.task() : "",
                f.getKey(),
                number(figure.value()),
                figure.standardError().isPresent()
                    ? number(figure.standardError().getAsDouble())
                    : "",
                first ? on : ""));
      }
    }
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      boolean number = i == 3 || i == 4;
      line.append(
          String.format(Locale.ROOT, "%" + (number ? "" : "-") + widths[i] + "s  ", row.get(i)));
    }
    return line.toString().stripTrailing();
  }

  /** Shares with four decimals, anything larger as a perplexity. */
  private static String number(double value) {
    return Math.abs(value) < 1
        ? String.format(Locale.ROOT, "%.4f", value)
        : Figures.perplexity(value);
  }
}
