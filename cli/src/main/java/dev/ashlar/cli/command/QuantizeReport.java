package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.quantize.KeptTensors;
import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.engine.quantize.QuantizeResult;
import dev.ashlar.engine.quantize.Written;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.UnitReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Says what a run of {@code quantize} found out. */
final class QuantizeReport {
  private final QuantizeRequest request;
  private final QuantizeResult result;
  private final RunReport run;
  private final Optional<QualityTable> quality;
  private final Optional<Showcase.Sums> sums;

  private QuantizeReport(QuantizeResult result, Optional<Showcase.Sums> sums) {
    this.sums = sums;
    this.request = result.request();
    this.result = result;
    this.run = result.run();
    this.quality = QualityTable.of(result.measured(), names());
  }

  /**
   * The result in its two forms.
   *
   * @param sums how the models add up, where they were asked
   * @param peakMemory bytes
   */
  static Report of(QuantizeResult result, Optional<Showcase.Sums> sums, long peakMemory) {
    return new QuantizeReport(result, sums).report(peakMemory);
  }

  private Report report(long peakMemory) {
    Map<String, Object> json = new LinkedHashMap<>();
    Map<String, Object> outputs = new LinkedHashMap<>();
    result.written().forEach(w -> outputs.put(w.format(), w.folder().toString()));
    json.put("outputs", outputs);
    json.put("seconds", rounded(seconds(result.time())));
    json.put("peakMemoryBytes", peakMemory);
    json.put("model", request.model());
    json.put("method", request.method());
    json.put("scheme", main().map(QuantScheme::toString).orElseGet(this::counted));
    json.put("layerSchemes", layerSchemes());
    quality.ifPresent(q -> json.putAll(q.json()));
    sums.ifPresent(
        s -> {
          json.put("sumsRight", s.right());
          json.put("sentences", s.sentences());
        });
    json.put("quantizedLayers", run.schemes().size());
    json.put("floatLayers", run.skipped());
    json.put("keptTensors", result.kept());
    json.put("sourceCodes", result.sourceCodes());
    json.put("bytesBefore", result.bytesBefore());
    json.put("bytesAfter", result.bytesAfter());
    json.put("tuningSeconds", rounded(run.time().toMillis() / 1e3));
    json.put(
        "estimatedSeconds",
        rounded(result.estimate().map(QuantizeReport::seconds).orElse(Double.NaN)));
    run.timed().ifPresent(t -> json.put("timed", timed(t)));
    json.put("units", units());
    json.put("checks", checks());
    return new Report(text(peakMemory), json);
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static Double rounded(double value) {
    return Double.isFinite(value) ? Math.round(value * 1000) / 1e3 : Double.NaN;
  }

  private Map<String, Object> timed(RunReport.Timed timed) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("askedSeconds", rounded(seconds(timed.asked())));
    json.put("usedSeconds", rounded(seconds(timed.used())));
    json.put("samples", timed.numbers().samples());
    json.put("options", timed.numbers().options());
    json.put("again", again(timed));
    return json;
  }

  /** Options that give the same result, in place of a time or a recipe that is one. */
  private List<String> again(RunReport.Timed timed) {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("--nsamples", "" + timed.numbers().samples()));
    words.addAll(List.of("--seqlen", "" + request.calibration().length()));
    words.addAll(List.of("--batch-size", "" + request.run().batchSize()));
    timed
        .numbers()
        .options()
        .forEach((name, n) -> words.addAll(List.of("--method-option", name + "=" + n)));
    return words;
  }

  private List<Object> units() {
    List<Object> units = new ArrayList<>();
    for (UnitReport u : run.units()) {
      Map<String, Object> unit = new LinkedHashMap<>();
      unit.put("name", u.name());
      unit.put("layers", u.layers());
      u.history()
          .ifPresent(
              h -> {
                unit.put("firstLoss", h.firstLoss());
                unit.put("bestLoss", h.bestLoss());
                unit.put("bestIteration", h.bestIteration());
              });
      unit.putAll(u.figures());
      unit.put("resumed", u.resumed());
      unit.put("seconds", rounded(u.time().toMillis() / 1e3));
      units.add(unit);
    }
    return units;
  }

  private Map<String, Object> checks() {
    Map<String, Object> checks = new LinkedHashMap<>();
    for (Written w : result.written()) {
      Map<String, Object> check = new LinkedHashMap<>();
      check.put("layout", w.layout());
      check.put("files", w.check().files());
      check.put("tensors", w.check().tensors());
      check.put("packedLayers", w.check().packed());
      check.put("tensorBytes", w.check().tensorBytes());
      w.logitError().ifPresent(error -> check.put("logitError", error));
      w.rounding()
          .ifPresent(
              r -> {
                check.put("roundedMatrices", r.matrices());
                check.put("roundingError", r.mean());
                check.put("largestRoundingError", r.worst());
              });
      checks.put(w.format(), check);
    }
    return checks;
  }

  private String text(long peakMemory) {
    StringBuilder t = new StringBuilder();
    t.append(
        String.format(
            Locale.ROOT,
            "Quantized %s to %s with %s.%n%n",
            request.model(),
            main().map(QuantizeReport::describe).orElseGet(this::counted),
            request.method()));
    quality.ifPresent(q -> t.append(q.text()).append('\n'));
    sums.ifPresent(s -> t.append(sums(s)).append('\n'));
    line(t, "layers", run.schemes().size() + " quantized" + left());
    if (counts().size() > 1 && main().isPresent()) {
      line(t, "schemes", counted());
    }
    if (!result.kept().isEmpty()) {
      line(t, "beside them", KeptTensors.sentence(result.kept()));
    }
    if (!result.sourceCodes().isEmpty()) {
      line(t, "source", source());
    }
    line(t, "weights", Figures.bytes(result.bytesBefore()) + " before, " + after());
    line(
        t,
        "time",
        Figures.seconds(seconds(result.time()))
            + ", of which tuning "
            + Figures.seconds(run.time().toMillis() / 1e3));
    run.timed()
        .ifPresent(
            timed -> {
              String used = Figures.seconds(seconds(timed.used()));
              String asked = Figures.seconds(seconds(timed.asked()));
              line(t, "of its time", used + " of " + asked);
              line(t, "the same again", String.join(" ", again(timed)));
            });
    line(t, "peak memory", Figures.bytes(peakMemory));
    for (Written w : result.written()) {
      String read = w.logitError().isPresent() ? "bytes and logits" : "bytes";
      line(t, w.format(), w.folder() + "  (read again: " + read + " as they should be)");
      w.rounding().ifPresent(r -> line(t, "", r.sentence()));
    }
    figures(t);
    if (sums.isPresent()) {
      t.append("\nA model of your own: ashlar quantize --model PATH --dataset TEXT.txt\n");
    }
    return t.toString();
  }

  /** What the method says of units and layers. */
  private void figures(StringBuilder t) {
    String gap = "\n";
    for (UnitReport u : run.units()) {
      for (Map.Entry<String, Double> figure : u.figures().entrySet()) {
        t.append(gap);
        t.append(String.format(Locale.ROOT, "  %-60s %.6g%n", figure.getKey(), figure.getValue()));
        gap = "";
      }
    }
  }

  private String source() {
    List<String> types = new ArrayList<>();
    result
        .sourceCodes()
        .forEach((type, n) -> types.add(n + (n == 1 ? " tensor " : " tensors ") + type));
    return "was quantized already ("
        + String.join(", ", types)
        + "); its float original would lose less";
  }

  /** The size of each folder. */
  private String after() {
    List<String> sizes = new ArrayList<>();
    boolean several = result.written().size() > 1;
    for (Written w : result.written()) {
      long bytes = w.check().tensorBytes();
      double percent = 100.0 * bytes / Math.max(1, result.bytesBefore());
      String when = several ? "as " + w.format() : "after";
      sizes.add(String.format(Locale.ROOT, "%s %s (%.0f%%)", Figures.bytes(bytes), when, percent));
    }
    return String.join(", ", sizes);
  }

  private String sums(Showcase.Sums s) {
    Map<String, String> right = new LinkedHashMap<>();
    s.right().forEach((m, n) -> right.put(m, String.format(Locale.ROOT, "%12d", n)));
    return "sums that the model knows, of "
        + s.total()
        + "\n"
        + rows(right, 0)
        + "\none of them\n"
        + rows(s.sentences(), 2);
  }

  /** One line for each model, by its name in the report. */
  private String rows(Map<String, String> byModel, int gap) {
    StringBuilder t = new StringBuilder();
    byModel.forEach(
        (key, text) ->
            t.append(
                String.format(
                    Locale.ROOT, "  %-16s%s%s%n", names().get(key), " ".repeat(gap), text)));
    return t.toString();
  }

  /** What people read for the models that are compared. */
  private Map<String, String> names() {
    String baseline = Methods.BASELINE.label();
    String tuned = request.choice().method().label();
    return Map.of("float", "float", Methods.BASELINE.name(), baseline, "tuned", tuned);
  }

  private String left() {
    if (run.skipped().isEmpty()) {
      return "";
    }
    Map<String, Integer> reasons = new TreeMap<>();
    run.skipped().values().forEach(r -> reasons.merge(r, 1, Integer::sum));
    StringBuilder t = new StringBuilder(", ").append(run.skipped().size()).append(" left float");
    reasons.forEach((reason, count) -> t.append("; ").append(count).append(": ").append(reason));
    return t.toString();
  }

  /** How many layers have each scheme, in the model's order. */
  private Map<QuantScheme, Integer> counts() {
    Map<QuantScheme, Integer> counts = new LinkedHashMap<>();
    run.schemes().values().forEach(scheme -> counts.merge(scheme, 1, Integer::sum));
    return counts;
  }

  private String counted() {
    List<String> parts = new ArrayList<>();
    counts().forEach((scheme, n) -> parts.add(n + " × " + scheme));
    return String.join(", ", parts);
  }

  /** The scheme that most of a report is about; empty where no layer has the one of all others. */
  private Optional<QuantScheme> main() {
    QuantScheme usual = request.plan().defaultScheme();
    return counts().isEmpty() || counts().containsKey(usual)
        ? Optional.of(usual)
        : counts().keySet().stream().filter(scheme -> counts().size() == 1).findFirst();
  }

  private Map<String, Object> layerSchemes() {
    Map<String, Object> schemes = new LinkedHashMap<>();
    run.schemes().forEach((layer, scheme) -> schemes.put(layer, scheme.toString()));
    return schemes;
  }

  private static String describe(QuantScheme scheme) {
    if (!(scheme instanceof IntegerGrid s)) {
      return scheme.toString();
    }
    return s.bits()
        + " bits, "
        + (s.groupSize() < 0 ? "one group for each row" : "groups of " + s.groupSize())
        + (s.symmetric() ? ", symmetric" : ", asymmetric");
  }

  private static void line(StringBuilder t, String name, String value) {
    t.append(String.format(Locale.ROOT, "%-18s%s%n", name, value));
  }
}
