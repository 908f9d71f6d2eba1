package dev.ashlar.engine.quantize;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A named set of effort: how long to tune, on how much data.
 *
 * @param name as users give it
 * @param iters sign steps for each block
 * @param nsamples calibration samples
 * @param seqlen tokens of each
 * @param batchSize samples of one step
 * @param lr first step, where it is not one by iters
 */
public record Recipe(
    String name, int iters, int nsamples, int seqlen, int batchSize, OptionalDouble lr) {
  /** AutoRound's own. */
  public static final Recipe DEFAULT =
      new Recipe("default", 200, 128, 2048, 8, OptionalDouble.empty());

  /** What the demo model takes: it was trained on texts of 128 tokens. */
  public static final Recipe DEMO = new Recipe("demo", 200, 128, 128, 8, OptionalDouble.empty());

  /** Those that a user can ask for; all but the last are AutoRound's. */
  public static final List<Recipe> ALL =
      List.of(
          new Recipe("best", 1000, 512, 2048, 8, OptionalDouble.empty()),
          DEFAULT,
          new Recipe("light", 50, 128, 2048, 8, OptionalDouble.of(5e-3)),
          new Recipe("cpu", 100, 64, 256, 4, OptionalDouble.empty()));

  /** The recipe of that name; {@code auto-round-best} is {@code best}. */
  public static Optional<Recipe> named(String name) {
    String bare = name.startsWith("auto-round-") ? name.substring(11) : name;
    return ALL.stream().filter(r -> r.name().equals(bare)).findFirst();
  }

  /** The names that {@link #named} knows. */
  public static String names() {
    return String.join(", ", ALL.stream().map(Recipe::name).toList());
  }
}
