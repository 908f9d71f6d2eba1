package dev.ashlar.cli.bench;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Everything {@code ashlar bench} measures, and its table. */
public final class Benchmark {
  private static final Stopwatch THOROUGH = new Stopwatch(7, 20_000_000, 300_000_000);
  private static final Stopwatch QUICK = new Stopwatch(3, 5_000_000, 200_000_000);

  private final Console console;
  private final boolean quick;
  private final List<String> words;
  private final Stopwatch stopwatch;

  private record Result(String group, Case of, double seconds, double share) {
    double rate() {
      return of.work() / seconds;
    }
  }

  /**
   * A run.
   *
   * @param quick fewer sizes and rounds: a look, not a figure to quote
   * @param words only cases whose line holds all of these, whatever their letter case
   */
  public Benchmark(Console console, boolean quick, List<String> words) {
    this.console = console;
    this.quick = quick;
    this.words = words.stream().map(w -> w.toLowerCase(Locale.ROOT)).toList();
    this.stopwatch = quick ? QUICK : THOROUGH;
  }

  /** Measures the ceilings, then the rest. */
  public Report run() {
    List<Group> groups = new ArrayList<>();
    groups.addAll(FloatCases.groups(quick));
    groups.addAll(PackedCases.groups(quick));
    groups.addAll(PointwiseCases.groups());
    groups.addAll(QuantizeCases.groups());
    groups.addAll(AttentionCases.groups(quick));
    if (!words.isEmpty() && groups.stream().allMatch(g -> wanted(g).isEmpty())) {
      throw new InputException("nothing is measured whose line holds " + String.join(", ", words));
    }
    try (Stage progress = console.begin("bench", groups.size() + 1)) {
      List<Result> ceilings = measure("ceilings", CeilingCases.all(), List.of());
      List<Result> results = new ArrayList<>();
      for (int i = 0; i < groups.size(); i++) {
        progress.at(i + 1, groups.get(i).name());
        results.addAll(measure(groups.get(i), ceilings));
      }
      return report(ceilings, results);
    }
  }

  private List<Result> measure(Group group, List<Result> ceilings) {
    return measure(group.name(), wanted(group), ceilings);
  }

  private List<Case> wanted(Group group) {
    return group.cases().get().stream().filter(c -> wanted(group.name(), c)).toList();
  }

  private boolean wanted(String group, Case c) {
    String line =
        (group + " " + c.name() + " " + c.backend() + " " + c.threads() + " threads")
            .toLowerCase(Locale.ROOT);
    return words.stream().allMatch(line::contains);
  }

  private List<Result> measure(String group, List<Case> cases, List<Result> ceilings) {
    double[] seconds = stopwatch.seconds(cases);
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < seconds.length; i++) {
      Case c = cases.get(i);
      double ceiling =
          ceilings.stream()
              .filter(r -> r.of().bound() == c.bound() && r.of().threads() == c.threads())
              .mapToDouble(Result::rate)
              .findFirst()
              .orElse(Double.NaN);
      results.add(new Result(group, c, seconds[i], c.work() / seconds[i] / ceiling));
    }
    return results;
  }

  private Report report(List<Result> ceilings, List<Result> results) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("java", System.getProperty("java.vm.vendor") + " " + Runtime.version());
    facts.put("backend", Backends.reason());
    facts.put("processors", (long) Runtime.getRuntime().availableProcessors());
    facts.put("threads", (long) Parallel.threads());
    facts.put("quick", quick);
    facts.put("ceilings", ceilings.stream().map(Benchmark::facts).toList());
    facts.put("results", results.stream().map(Benchmark::facts).toList());
    StringBuilder text = new StringBuilder();
    text.append(Backends.reason()).append(", java ").append(Runtime.version()).append('\n');
    section(text, "ceilings", ceilings);
    results.stream().map(Result::group).distinct().forEach(g -> section(text, g, results));
    return new Report(text.toString(), facts);
  }

  private static Map<String, Object> facts(Result r) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", r.group());
    facts.put("name", r.of().name());
    facts.put("backend", r.of().backend());
    facts.put("threads", (long) r.of().threads());
    facts.put("seconds", r.seconds());
    facts.put("rate", r.rate());
    facts.put("unit", r.of().bound().unit());
    facts.put("ceiling", r.of().bound().title());
    facts.put("shareOfCeiling", r.share());
    return facts;
  }

  private static void section(StringBuilder text, String group, List<Result> results) {
    text.append('\n').append(group).append('\n');
    for (Result r : results) {
      if (r.group().equals(group)) {
        text.append(line(r)).append('\n');
      }
    }
  }

  private static String line(Result r) {
    Case c = r.of();
    String share =
        Double.isNaN(r.share()) ? "" : String.format(Locale.ROOT, "%4.0f%%", 100 * r.share());
    return String.format(
            Locale.ROOT,
            "  %-36s %-9s %3d thr %10s %8s %-7s %s",
            c.name(),
            c.backend(),
            c.threads(),
            duration(r.seconds()),
            Figures.significant(r.rate()),
            c.bound().unit(),
            share)
        .stripTrailing();
  }

  private static String duration(double seconds) {
    if (seconds < 1e-3) {
      return Figures.significant(seconds * 1e6) + " µs";
    }
    return seconds < 1
        ? Figures.significant(seconds * 1e3) + " ms"
        : Figures.significant(seconds) + " s";
  }
}
