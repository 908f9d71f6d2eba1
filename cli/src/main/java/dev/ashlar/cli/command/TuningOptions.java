package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.MethodOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** How long and on what a method tunes; the names are auto-round's. */
final class TuningOptions extends OptionGroup {
  /** Options that are about data and what flows through the model. */
  private static final List<String> OF_DATA =
      List.of(
          "--dataset",
          "--nsamples",
          "--batch-size",
          "--gradient-accumulate-steps",
          "--nblocks",
          "--disable-quanted-input",
          "--spill-dir",
          "--stream-dtype");

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description =
          "Effort: best, default (the default), light, or cpu (less of everything); some methods have"
              + " more; see 'ashlar list recipes'.")
  String recipe;

  @Option(
      names = "--dataset",
      paramLabel = "SPEC",
      description =
          "Texts to calibrate on: .txt, .json or .jsonl files, or data sets in the hub cache, with"
              + " commas between, each with :num=N, :concat, :split=NAME or :apply_chat_template; a"
              + " comma or colon of a path has a backslash before it (default: a small built-in text"
              + " of many languages and code).")
  String dataset;

  @Option(
      names = "--nsamples",
      paramLabel = "N",
      description = "Calibration samples (default 128, or as the recipe says).")
  Integer samples;

  @Option(
      names = "--seqlen",
      paramLabel = "N",
      description = "Tokens of each sample (default 2048, or as the recipe says).")
  Integer length;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Samples of one step (default 8, or as the recipe says).")
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
      names = "--disable-quanted-input",
      description = "Tune each block on the float model's inputs.")
  boolean noQuantizedInput;

  @Option(
      names = "--max-memory",
      paramLabel = "SIZE",
      description =
          "Memory that the run keeps to, as 4g (default: no limit); activations that do not fit lie"
              + " in a file. Changes no result.")
  String maxMemory;

  @Option(
      names = "--spill-dir",
      paramLabel = "PATH",
      description = "Folder for that file (default: the system's for temporary files).")
  Path spillFolder;

  @Option(
      names = "--stream-dtype",
      paramLabel = "TYPE",
      description = "f32 (the default), or bf16: activations in half the memory, other results.")
  String streamType = "f32";

  @Option(
      names = "--method-option",
      paramLabel = "KEY=VALUE",
      description = "Anything else the method can be told; repeatable; see 'ashlar list methods'.")
  Map<String, String> methodOptions = Map.of();

  /** The data to tune on. */
  CalibrationRequest calibration(Effort effort) {
    int count = positive("--nsamples", samples, effort.samples());
    int tokens = positive("--seqlen", length, effort.length());
    requireUsage(tokens >= 2, "--seqlen must be at least 2: " + tokens);
    return new CalibrationRequest(Optional.ofNullable(dataset), count, tokens);
  }

  /** How the model is walked through. */
  RunOptions run(Effort effort) {
    requireUsage(
        streamType.equals("f32") || streamType.equals("bf16"),
        "--stream-dtype is f32 or bf16: " + streamType);
    return new RunOptions(
        positive("--batch-size", batchSize, effort.batchSize()),
        positive("--gradient-accumulate-steps", accumulate, 1),
        positive("--nblocks", nblocks, 1),
        !noQuantizedInput,
        seed,
        streamType.equals("f32") ? DType.F32 : DType.BF16);
  }

  /**
   * Options that were given and do nothing.
   *
   * @param quantizer that is going to run
   * @param effort its recipe
   * @param count of samples
   * @param measured whether windows of perplexity are as long as samples
   * @param sensitivities whether something else is measured on the data
   * @param others whether something beside the method looks at the data
   */
  List<String> idle(
      BlockQuantizer quantizer,
      Effort effort,
      int count,
      boolean measured,
      boolean sensitivities,
      boolean others) {
    List<String> sentences = new ArrayList<>();
    if (!quantizer.needsInputs() && !others) {
      List<String> idle = new ArrayList<>(OF_DATA.stream().filter(this::given).toList());
      if (sensitivities) {
        idle.removeAll(List.of("--dataset", "--spill-dir"));
      }
      idle.addAll(given("--seqlen") && !measured ? List.of("--seqlen") : List.of());
      idle.addAll(
          given("--recipe") && effort.options().isEmpty() ? List.of("--recipe") : List.of());
      // A method for single matrices is told no seed.
      boolean alone = quantizer.alone().isPresent();
      idle.addAll(given("--seed") && alone ? List.of("--seed") : List.of());
      if (!idle.isEmpty()) {
        sentences.add(noEffect(idle, ": the method is not tuned on any data"));
      }
      return sentences;
    }
    if (!quantizer.needsTargets() && given("--gradient-accumulate-steps")) {
      sentences.add(
          noEffect(
              List.of("--gradient-accumulate-steps"), ": the method takes no steps on a loss"));
    }
    if (spillFolder != null && maxMemory == null) {
      sentences.add("--spill-dir has no effect without --max-memory");
    }
    if (batchSize != null && batchSize > count) {
      sentences.add("--batch-size is more than the " + count + " samples, which it becomes");
    }
    return sentences;
  }

  /** What the method is told, but for what a recipe says. */
  MethodOptions given(Map<String, String> named) {
    Map<String, String> options = new LinkedHashMap<>(named);
    methodOptions.forEach((key, value) -> options.put(key.strip().replace('-', '_'), value));
    return MethodOptions.of(options);
  }

  /** How much memory the run may take. */
  MemoryLimit memory() {
    requireUsage(
        spillFolder == null || Files.isDirectory(spillFolder),
        "--spill-dir is no folder: " + spillFolder);
    return new MemoryLimit(
        maxMemory == null
            ? OptionalLong.empty()
            : OptionalLong.of(bytes("--max-memory", maxMemory)),
        Optional.ofNullable(spillFolder));
  }
}
