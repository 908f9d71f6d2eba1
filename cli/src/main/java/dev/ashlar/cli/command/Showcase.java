package dev.ashlar.cli.command;

import dev.ashlar.engine.GenerationOptions;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.Effort;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * The run without arguments: what tuning is for, on the demo model, in less than a minute on two
 * cores. At four bits the demo model loses next to nothing, whatever the method; at two it no
 * longer adds up, unless it is tuned.
 */
final class Showcase {
  /** The grid: one scale for each row. */
  static final IntegerGrid GRID = new IntegerGrid(2, -1, true);

  /** How hard is tried. */
  static final Effort EFFORT = new Effort("showcase", Map.of("iters", "100"), 64, 128, 8);

  private static final String FLOAT = "float";
  private static final String TUNED = "tuned";
  private static final int MOST = 9;
  private static final int TOKENS = 6;

  private static final List<String> NUMBERS =
      List.of(
          "zero",
          "one",
          "two",
          "three",
          "four",
          "five",
          "six",
          "seven",
          "eight",
          "nine",
          "ten",
          "eleven",
          "twelve",
          "thirteen",
          "fourteen",
          "fifteen",
          "sixteen",
          "seventeen",
          "eighteen");

  /** Options that change nothing of what is computed. */
  private static final Set<String> ASIDE =
      Set.of("--json", "--threads", "--debug", "--output-dir", "--force", "--backend");

  private Showcase() {}

  /** Whether nothing was asked for but the demo model. */
  static boolean isAsked(ParseResult line) {
    return line.matchedArgs().stream().allMatch(Showcase::isAside);
  }

  private static boolean isAside(ArgSpec given) {
    boolean aside = given instanceof OptionSpec o && ASIDE.contains(o.longestName());
    return aside || ModelPaths.DEMO.equals(given.getValue());
  }

  /**
   * How models add up.
   *
   * @param total how many sums they were asked
   * @param right how many they knew, by model as in {@code perplexity}
   * @param sentences one of the sums by each
   */
  record Sums(int total, Map<String, Integer> right, Map<String, String> sentences) {}

  /** A sum and how each model goes on. */
  private record Sum(String prompt, String truth, Map<String, String> said) {
    boolean knows(String model) {
      return said.get(model).equals(truth);
    }
  }

  /**
   * Asks the float model, the rounded and the tuned one for all sums of small numbers.
   *
   * @param tuned the tuned model's folder
   */
  static Sums sums(Path tuned) {
    try (LanguageModel floats = LanguageModel.open(ModelPaths.DEMO);
        LanguageModel result = LanguageModel.open(tuned)) {
      Map<String, LanguageModel> models = new LinkedHashMap<>();
      models.put(FLOAT, floats);
      models.put(Methods.BASELINE.name(), floats.prepare(GRID, Methods.BASELINE).convert());
      models.put(TUNED, result);
      List<Sum> sums = new ArrayList<>();
      for (int a = 1; a <= MOST; a++) {
        for (int b = 1; b <= MOST; b++) {
          sums.add(sum(a, b, models));
        }
      }
      return report(models.keySet(), sums);
    }
  }

  private static Sum sum(int a, int b, Map<String, LanguageModel> models) {
    String things = a == 1 ? " brick and " : " bricks and ";
    String prompt = "Ada counted " + NUMBERS.get(a) + things + NUMBERS.get(b) + " more, which made";
    GenerationOptions greedy = GenerationOptions.greedy().withMaxTokens(TOKENS);
    Map<String, String> said = new LinkedHashMap<>();
    models.forEach((name, model) -> said.put(name, first(model.generate(prompt, greedy).text())));
    return new Sum(prompt, NUMBERS.get(a + b), said);
  }

  private static String first(String text) {
    return text.strip().split("[^a-z]", 2)[0];
  }

  private static Sums report(Set<String> models, List<Sum> sums) {
    Map<String, Integer> right = new LinkedHashMap<>();
    models.forEach(m -> right.put(m, (int) sums.stream().filter(s -> s.knows(m)).count()));
    // One that tuning saved, if there is one.
    Sum shown =
        sums.stream()
            .filter(s -> s.knows(FLOAT) && s.knows(TUNED) && !s.knows(Methods.BASELINE.name()))
            .reduce((earlier, later) -> later)
            .orElse(sums.getLast());
    Map<String, String> sentences = new LinkedHashMap<>();
    models.forEach(m -> sentences.put(m, shown.prompt() + " " + shown.said().get(m) + "."));
    return new Sums(sums.size(), right, sentences);
  }
}
