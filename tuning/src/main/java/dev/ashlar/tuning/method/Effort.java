package dev.ashlar.tuning.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A recipe as one method follows it: how hard to try, on how much data.
 *
 * @param recipe as users give it
 * @param options of the method's, as text, that are not its defaults
 * @param samples calibration samples
 * @param length tokens of each
 * @param batchSize samples of one step
 */
public record Effort(
    String recipe, Map<String, String> options, int samples, int length, int batchSize) {
  /** The recipe that is followed if none is asked for. */
  public static final String DEFAULT = "default";

  /** The recipes with nothing said about the method; all but the last have AutoRound's data. */
  public static final List<Effort> STANDARD =
      List.of(
          new Effort("best", Map.of(), 512, 2048, 8),
          new Effort(DEFAULT, Map.of(), 128, 2048, 8),
          new Effort("light", Map.of(), 128, 2048, 8),
          new Effort("cpu", Map.of(), 64, 256, 4));

  public Effort {
    options = Map.copyOf(options);
  }

  /** The same with options of the method's in place of its own. */
  public Effort with(Map<String, String> chosen) {
    return new Effort(recipe, chosen, samples, length, batchSize);
  }

  /** The same on samples of so many tokens. */
  public Effort withLength(int tokens) {
    return new Effort(recipe, options, samples, tokens, batchSize);
  }

  /**
   * The standard recipes with the options that {@code byRecipe} has for each.
   *
   * @throws IllegalArgumentException if it names a recipe that there is not
   */
  public static List<Effort> standard(Map<String, Map<String, String>> byRecipe) {
    Map<String, Map<String, String>> left = new LinkedHashMap<>(byRecipe);
    List<Effort> efforts =
        STANDARD.stream()
            .map(
                e -> {
                  Map<String, String> options = left.remove(e.recipe());
                  return options == null ? e : e.with(options);
                })
            .toList();
    if (!left.isEmpty()) {
      throw new IllegalArgumentException("no such recipes: " + left.keySet());
    }
    return efforts;
  }
}
