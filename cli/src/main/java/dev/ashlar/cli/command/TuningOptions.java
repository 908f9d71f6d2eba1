package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.Recipe;
import dev.ashlar.tuning.RunOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How long and on what a method tunes; the names are auto-round's. */
final class TuningOptions extends OptionGroup {
  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description = "Effort: best, default, light, or cpu (100 iterations, 64 samples of 256).")
  String recipe;

  @Option(names = "--iters", paramLabel = "N", description = "Tuning steps; 0 for none.")
  Integer iters;

  @Option(names = "--lr", paramLabel = "X", description = "First step (default 1/iters).")
  Double lr;

  @Option(
      names = "--minmax-lr",
      paramLabel = "X",
      description = "First step of the range multipliers (default --lr).")
  Double minMaxLr;

  @Option(
      names = "--dataset",
      paramLabel = "SPEC",
      description =
          "Texts to calibrate on: .txt, .json or .jsonl files with commas between, each with"
              + " :num=N or :concat.")
  String dataset;

  @Option(names = "--nsamples", paramLabel = "N", description = "Calibration samples.")
  Integer samples;

  @Option(names = "--seqlen", paramLabel = "N", description = "Tokens of each sample.")
  Integer length;

  @Option(names = "--batch-size", paramLabel = "N", description = "Samples of one step.")
  Integer batchSize;

  @Option(
      names = "--gradient-accumulate-steps",
      paramLabel = "N",
      description = "Batches of one step (default 1): less memory than a larger batch.")
  int accumulate = 1;

  @Option(
      names = "--nblocks",
      paramLabel = "N",
      description = "Blocks that are tuned as one (default 1).")
  int nblocks = 1;

  @Option(names = "--seed", paramLabel = "N", description = "Decides all chance (default 42).")
  long seed = 42;

  @Option(
      names = "--disable-minmax-tuning",
      description = "Tune the rounding only, not the ranges.")
  boolean noMinMaxTuning;

  @Option(
      names = "--disable-quanted-input",
      description = "Tune each block on the float model's inputs.")
  boolean noQuantizedInput;

  @Option(
      names = "--not-use-best-mse",
      description = "Keep the last iteration instead of the best.")
  boolean notBest;

  @Option(
      names = "--dynamic-max-gap",
      paramLabel = "N",
      description = "Stop a block after so many iterations without a better one.")
  Integer dynamicMaxGap;

  @Option(
      names = "--method-option",
      paramLabel = "KEY=VALUE",
      description = "Anything else the method can be told, as exact_gradients=false; repeatable.")
  Map<String, String> methodOptions = Map.of();

  /** The effort asked for, or what the model's kind is given. */
  Recipe effort(boolean demo) {
    if (recipe == null) {
      return demo ? Recipe.DEMO : Recipe.DEFAULT;
    }
    return Recipe.named(recipe)
        .orElseThrow(() -> usage("no recipe '" + recipe + "'; there are " + Recipe.names()));
  }

  /** Sign steps for each block. */
  int steps(Recipe effort) {
    int steps = iters == null ? effort.iters() : iters;
    requireUsage(steps >= 0, "--iters must not be negative: " + steps);
    return steps;
  }

  /** The data to tune on. */
  CalibrationRequest calibration(Recipe effort) {
    int count = positive("--nsamples", samples, effort.nsamples());
    int tokens = positive("--seqlen", length, effort.seqlen());
    requireUsage(tokens >= 2, "--seqlen must be at least 2: " + tokens);
    return new CalibrationRequest(Optional.ofNullable(dataset), count, tokens);
  }

  /** How the model is walked through. */
  RunOptions run(Recipe effort) {
    return new RunOptions(
        positive("--batch-size", batchSize, effort.batchSize()),
        positive("--gradient-accumulate-steps", accumulate, 1),
        positive("--nblocks", nblocks, 1),
        !noQuantizedInput,
        seed);
  }

  /** What the method {@code name} is told. */
  Map<String, String> method(String name, int steps, Recipe effort) {
    Map<String, String> options = new LinkedHashMap<>();
    if (name.equals("signround")) {
      options.put("iters", Integer.toString(steps));
      effort.lr().ifPresent(x -> options.put("lr", Double.toString(x)));
    }
    put(options, "lr", lr);
    put(options, "minmax_lr", minMaxLr);
    put(options, "dynamic_max_gap", dynamicMaxGap);
    put(options, "enable_minmax_tuning", noMinMaxTuning ? Boolean.FALSE : null);
    put(options, "not_use_best_mse", notBest ? Boolean.TRUE : null);
    methodOptions.forEach((key, value) -> options.put(key.strip().replace('-', '_'), value));
    return options;
  }

  private static void put(Map<String, String> options, String name, Object value) {
    if (value != null) {
      options.put(name, value.toString());
    }
  }

  /** What an export records, as auto-round spells it. */
  Map<String, Object> settings(
      String name, Map<String, String> options, RunOptions run, CalibrationRequest data) {
    Map<String, Object> settings = new LinkedHashMap<>();
    boolean tuned = !name.equals("rtn");
    settings.put("iters", tuned ? Long.parseLong(options.getOrDefault("iters", "0")) : 0L);
    if (tuned) {
      settings.put("nsamples", (long) data.samples());
      settings.put("seqlen", (long) data.length());
      settings.put("batch_size", (long) run.batchSize());
      settings.put("gradient_accumulate_steps", (long) run.accumulate());
      settings.put("nblocks", (long) run.nblocks());
      settings.put("enable_quanted_input", run.quantizedInput());
      settings.put("enable_minmax_tuning", !noMinMaxTuning);
      for (String rate : List.of("lr", "minmax_lr")) {
        if (options.containsKey(rate)) {
          settings.put(rate, Double.parseDouble(options.get(rate)));
        }
      }
    }
    return settings;
  }
}
