package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.inspect.Comparison;
import dev.ashlar.engine.inspect.TensorDifference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How one model differs from another, for people and for machines. */
record ComparisonReport(Path model, Path against, Comparison comparison) {
  private static final String LINE = "  %-46s %-10s %-10s %9s %9s %8s%n";

  /**
   * @param shown how many tensors at most: those with values that are no numbers first, then the
   *     farthest
   */
  Report report(int shown) {
    boolean comparable = comparison.complete() && comparison.finite();
    return new Report(text(shown), json(), comparable ? 0 : 1);
  }

  private String text(int shown) {
    StringBuilder s = new StringBuilder();
    s.append(model).append(" against ").append(against).append('\n');
    s.append(line("", "type", "against", "error", "largest", "cosine"));
    List<TensorDifference> worst = new ArrayList<>(comparison.tensors());
    worst.sort(
        Comparator.comparingLong(TensorDifference::notFinite)
            .thenComparingDouble(TensorDifference::relativeError)
            .reversed());
    for (TensorDifference d : worst.subList(0, Math.min(shown, worst.size()))) {
      s.append(figures(d.name(), d));
    }
    s.append(figures("all " + worst.size() + " tensors", comparison.total()));
    if (shown < worst.size()) {
      s.append("  those that differ most; --all lists ").append(worst.size()).append('\n');
    }
    if (!comparison.finite()) {
      s.append("  NaN or infinite: ").append(comparison.total().notFinite());
      s.append(" elements, which the figures leave out, in ");
      s.append(worst.stream().filter(d -> d.notFinite() > 0).count()).append(" tensors\n");
    }
    comparison.added().forEach(n -> s.append("  only in ").append(model).append(": " + n + "\n"));
    comparison
        .missing()
        .forEach(n -> s.append("  only in ").append(against).append(": " + n + "\n"));
    comparison
        .otherShapes()
        .forEach((n, shapes) -> s.append("  other shapes: " + n + ", " + shapes + "\n"));
    return s.toString();
  }

  private static String figures(String name, TensorDifference d) {
    String beside = d.notFinite() == 0 ? "" : "  " + d.notFinite() + " not finite";
    return line(
                name,
                d.storage(),
                d.againstStorage(),
                figure(d.relativeError()),
                figure(d.maxError()),
                String.format(Locale.ROOT, "%.6f", d.cosine()))
            .stripTrailing()
        + beside
        + System.lineSeparator();
  }

  private static String figure(double value) {
    return value == 0 ? "0" : String.format(Locale.ROOT, "%.2e", value);
  }

  private static String line(Object... columns) {
    return String.format(Locale.ROOT, LINE, columns);
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", model.toString());
    json.put("against", against.toString());
    json.put("complete", comparison.complete());
    json.put("finite", comparison.finite());
    json.put("total", values(comparison.total()));
    List<Object> tensors = new ArrayList<>();
    for (TensorDifference d : comparison.tensors()) {
      Map<String, Object> t = new LinkedHashMap<>();
      t.put("name", d.name());
      t.put("part", d.part().label());
      t.put("shape", d.shape());
      t.put("type", d.storage());
      t.put("againstType", d.againstStorage());
      t.putAll(values(d));
      tensors.add(t);
    }
    json.put("tensors", tensors);
    json.put("onlyHere", comparison.added());
    json.put("onlyThere", comparison.missing());
    json.put("otherShapes", comparison.otherShapes());
    return json;
  }

  private static Map<String, Object> values(TensorDifference d) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("elements", d.elements());
    values.put("relativeError", finite(d.relativeError()));
    values.put("maxError", finite(d.maxError()));
    values.put("cosine", finite(d.cosine()));
    values.put("notFinite", d.notFinite());
    return values;
  }

  /** JSON has no word for other numbers. */
  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
