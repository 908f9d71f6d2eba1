package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Figures;
import dev.ashlar.engine.quantize.QuantizeResult.Measured;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.quality.BlockwiseEvaluation.Quality;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What quantizing cost: the float model, plain rounding and the result side by side.
 *
 * @param all at least one text
 * @param names what people read for the models, by their names in JSON
 */
record QualityTable(List<Measured> all, Map<String, String> names) {
  /** A table, unless nothing was measured. */
  static Optional<QualityTable> of(List<Measured> all, Map<String, String> names) {
    return all.isEmpty() ? Optional.empty() : Optional.of(new QualityTable(all, names));
  }

  private static Map<String, Quality> models(Measured m) {
    Map<String, Quality> models = new LinkedHashMap<>();
    models.put("float", m.original());
    models.put(Methods.BASELINE.name(), m.rounded());
    models.put("tuned", m.tuned());
    return models;
  }

  /** Facts of the first text at the top, of all of them in a list. */
  Map<String, Object> json() {
    Map<String, Object> facts = json(all.getFirst());
    facts.remove("dataset");
    List<Object> each = new ArrayList<>();
    all.forEach(m -> each.add(json(m)));
    facts.put("evaluations", each);
    return facts;
  }

  private static Map<String, Object> json(Measured m) {
    Map<String, Object> perplexity = new LinkedHashMap<>();
    Map<String, Object> errors = new LinkedHashMap<>();
    Map<String, Object> divergence = new LinkedHashMap<>();
    Map<String, Object> agreement = new LinkedHashMap<>();
    models(m)
        .forEach(
            (model, q) -> {
              perplexity.put(model, q.perplexity().value());
              errors.put(model, q.perplexity().standardError());
              q.comparison().ifPresent(c -> divergence.put(model, c.klDivergence()));
              q.comparison().ifPresent(c -> agreement.put(model, c.topAgreement()));
            });
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("dataset", m.dataset());
    facts.put("perplexity", perplexity);
    facts.put("perplexityWindows", m.windows());
    facts.put("perplexityStandardError", errors);
    facts.put("klDivergence", divergence);
    facts.put("topAgreement", agreement);
    return facts;
  }

  /** A line for each model; divergence and agreement are about the float model. */
  String text() {
    StringBuilder t = new StringBuilder();
    for (Measured m : all) {
      String on = all.size() == 1 ? "" : "  (" + m.dataset() + ")";
      t.append(
          String.format(
              Locale.ROOT, "  %-16s%12s%12s%12s%s%n", "", "perplexity", "KL", "same top", on));
      Map<String, Quality> models = models(m);
      if (m.rounded() == m.tuned()) {
        // Measured once, since the method is plain rounding.
        models.remove(Methods.BASELINE.name());
      }
      models.forEach(
          (model, q) ->
              t.append(
                  String.format(
                      Locale.ROOT,
                      "  %-16s%12s%12s%12s%n",
                      names.get(model),
                      Figures.perplexity(q.perplexity().value()),
                      q.comparison().map(c -> decimals(c.klDivergence())).orElse(""),
                      q.comparison().map(c -> percent(c.topAgreement())).orElse(""))));
    }
    return t.toString().replaceAll("(?m) +$", "");
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * share);
  }
}
