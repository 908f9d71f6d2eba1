package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.QuantizeRequest.Evaluation;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Whether and on what perplexity is measured. */
final class EvaluationOptions extends OptionGroup {
  private static final int LIMIT = 40;

  @Option(
      names = "--eval",
      negatable = true,
      description = "Measure perplexity before and after (the demo model: always).")
  Boolean evaluate;

  @Option(names = "--disable-eval", hidden = true)
  boolean disableEval;

  @Option(
      names = "--eval-dataset",
      paramLabel = "SPEC",
      description =
          "Text to measure on, written as --dataset is; each data set has figures of its own; :num=N"
              + " windows of it; implies --eval.")
  String evalDataset;

  @Option(
      names = "--eval-seqlen",
      paramLabel = "N",
      description = "Tokens of each window (default --seqlen).")
  Integer evalLength;

  @Option(
      names = "--eval-limit",
      paramLabel = "N",
      description = "Windows of each data set at most (default 40); 0 for all.")
  Integer evalLimit;

  /**
   * What is asked for.
   *
   * @param demo the demo model has a text of its own and is always measured
   * @param tokens of a calibration sample, which a window has too if nothing else is said
   */
  Optional<Evaluation> evaluation(boolean demo, int tokens) {
    boolean off = disableEval || Boolean.FALSE.equals(evaluate);
    boolean asked = Boolean.TRUE.equals(evaluate) || evalDataset != null;
    requireUsage(!disableEval || evaluate == null, "--eval and --disable-eval exclude each other");
    if (off || !(asked || demo)) {
      requireUsage(!off || evalDataset == null, "--no-eval and --eval-dataset exclude each other");
      requireUsage(
          evalLength == null && evalLimit == null,
          (evalLength == null ? "--eval-limit" : "--eval-seqlen")
              + " has no effect without --eval-dataset, a text to measure on");
      return Optional.empty();
    }
    requireUsage(evalDataset != null || demo, "--eval needs --eval-dataset, a text to measure on");
    int limit = evalLimit == null ? LIMIT : evalLimit;
    requireUsage(limit >= 0, "--eval-limit must not be negative: " + limit);
    int window = positive("--eval-seqlen", evalLength, tokens);
    requireUsage(window >= 2, "--eval-seqlen must be at least 2: " + window);
    return Optional.of(new Evaluation(Optional.ofNullable(evalDataset), window, limit));
  }
}
