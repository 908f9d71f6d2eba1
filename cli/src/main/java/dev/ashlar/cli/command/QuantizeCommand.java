package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.model.ModelPaths;
import dev.ashlar.cli.quantize.LayerConfig;
import dev.ashlar.cli.quantize.ModelFreeJob;
import dev.ashlar.cli.quantize.NamedScheme;
import dev.ashlar.cli.quantize.QuantizeJob;
import dev.ashlar.cli.quantize.QuantizeRequest;
import dev.ashlar.cli.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.cli.quantize.QuantizeRequest.Evaluation;
import dev.ashlar.cli.quantize.QuantizeRequest.Output;
import dev.ashlar.cli.quantize.Recipe;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Quantizes a model: from options, whose names are auto-round's, to a request. */
@CommandLine.Command(
    name = "quantize",
    description = {
      "Quantizes a model's weights and writes them as folders that other tools read too.",
      "",
      "Without a model it takes the bundled demo model and shows what quantizing costs. A run that"
          + " is interrupted goes on where it was when the same command is given again."
    },
    footer = {
      "  ashlar quantize",
      "  ashlar quantize --bits 2 --group-size 32",
      "  ashlar quantize --model ~/models/Qwen3-0.6B --dataset texts.jsonl --output-dir out",
      "  ashlar quantize --model m.gguf --recipe cpu --dataset wiki.txt --output-dir out \\",
      "      --format auto_round,auto_gptq --eval --eval-dataset wiki-test.txt",
      "  ashlar quantize --model m --method rtn --bits 8 --output-dir out",
      "  ashlar quantize --model unknown --method rtn --model-free --output-dir out",
      "  ashlar quantize --model m --dataset a.jsonl:num=64,b.json:concat --output-dir out \\",
      "      --layer-config '{\".*down_proj\": {\"bits\": 8}}'"
    })
final class QuantizeCommand extends Command {
  private static final String MODEL = "model";

  QuantizeCommand(Console console) {
    super(console);
  }

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description =
          "Model folder, .safetensors or .gguf file, hub id in the local cache, or demo (the"
              + " default).")
  String model = ModelPaths.DEMO;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = "signround (the default) or rtn, round to nearest.")
  String method = "signround";

  @Option(
      names = "--scheme",
      paramLabel = "NAME",
      description = "Bits and groups by name: W4A16 (the default), W2A16G64, …")
  String scheme;

  @Option(names = "--bits", paramLabel = "N", description = "Bits of a weight, 2 to 8.")
  Integer bits;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description = "Inputs that share a scale (default 128); -1 for whole rows.")
  Integer groupSize;

  @Option(
      names = "--asym",
      description = "Choose a zero point for each group, instead of the middle.")
  boolean asym;

  @Option(names = "--sym", hidden = true)
  boolean sym;

  @Option(
      names = "--scale-dtype",
      paramLabel = "TYPE",
      description = "Type of the scales: fp16 (the default) or fp32.")
  String scaleType = "fp16";

  @Option(
      names = "--layer-config",
      paramLabel = "JSON",
      description = "Schemes of single layers by name or regular expression; a file or inline.")
  String layerConfig;

  @Option(
      names = "--ignore-layers",
      split = ",",
      paramLabel = "NAME",
      description = "Leave layers float whose names contain one of these.")
  List<String> ignoreLayers = List.of();

  @Option(names = "--quant-lm-head", description = "Quantize the output head too.")
  boolean quantHead;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description = "Effort: best, default, light, or cpu (100 iterations, 64 samples of 256).")
  String recipe;

  @Option(
      names = "--model-free",
      description =
          "Round to nearest from file to file without building the model: for families that are"
              + " not known, and for large models.")
  boolean modelFree;

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

  @Option(
      names = "--format",
      split = ",",
      paramLabel = "NAME",
      description = "auto_round (the default), auto_gptq, fake; several with commas between.")
  List<String> formats = List.of("auto_round");

  @Option(
      names = "--output-dir",
      paramLabel = "DIR",
      description = "Where to write; several formats get a folder each in it.")
  Path outputDir;

  @Option(names = "--force", description = "Replace what is in the output folder.")
  boolean force;

  @Option(
      names = "--work-dir",
      paramLabel = "DIR",
      description = "Where to keep finished blocks (default: in the output folder).")
  Path workDir;

  @Option(names = "--restart", description = "Forget the blocks of an interrupted run.")
  boolean restart;

  @Option(
      names = "--eval",
      negatable = true,
      description = "Measure perplexity before and after (the demo model: always).")
  Boolean evaluate;

  @Option(names = "--disable-eval", hidden = true)
  boolean disableEval;

  @Option(
      names = "--eval-dataset",
      paramLabel = "FILE",
      description = "Text to measure on; implies --eval.")
  Path evalDataset;

  @Option(
      names = "--eval-seqlen",
      paramLabel = "N",
      description = "Tokens of each window (default --seqlen).")
  Integer evalLength;

  @Option(
      names = "--eval-limit",
      paramLabel = "N",
      description = "Windows at most (default 40); 0 for all.")
  int evalLimit = 40;

  @Override
  Report execute() {
    QuantizeRequest request = request();
    if (!modelFree) {
      return new QuantizeJob(request, console).run();
    }
    requireUsage(
        request.evaluation().isEmpty(),
        "--eval needs the model, which --model-free does not build");
    requireUsage(workDir == null, "--model-free has no work folder: a run begins anew");
    return new ModelFreeJob(request, console).run();
  }

  /** The request that the options amount to. */
  QuantizeRequest request() {
    Recipe effort = effort();
    int steps = iters == null ? effort.iters() : iters;
    requireUsage(steps >= 0, "--iters must not be negative: " + steps);
    // No steps are round-to-nearest, which has a method of its own that needs no data.
    boolean chosen = spec.commandLine().getParseResult().hasMatchedOption("--method");
    boolean rounding = method.equals("signround") && (steps == 0 || modelFree && !chosen);
    String name = rounding ? "rtn" : method;
    requireUsage(!modelFree || name.equals("rtn"), "--model-free goes with --method rtn alone");
    Map<String, String> options = options(name, steps, effort);
    BlockQuantizer quantizer = quantizer(name, options);
    int count = positive("--nsamples", samples, effort.nsamples());
    int tokens = positive("--seqlen", length, effort.seqlen());
    requireUsage(tokens >= 2, "--seqlen must be at least 2: " + tokens);
    requireUsage(
        dataset != null || demo() || !quantizer.needsInputs(),
        "--dataset is needed: a .txt, .json or .jsonl file to calibrate on (or --method rtn)");
    RunOptions run =
        new RunOptions(
            positive("--batch-size", batchSize, effort.batchSize()),
            positive("--gradient-accumulate-steps", accumulate, 1),
            positive("--nblocks", nblocks, 1),
            !noQuantizedInput,
            seed);
    return new QuantizeRequest(
        model,
        plan(),
        name,
        quantizer,
        settings(name, options, run, count, tokens),
        run,
        new CalibrationRequest(Optional.ofNullable(dataset), count, tokens),
        output(),
        evaluation(tokens));
  }

  private boolean demo() {
    return model.equals(ModelPaths.DEMO);
  }

  private Recipe effort() {
    if (recipe == null) {
      return demo() ? Recipe.DEMO : Recipe.DEFAULT;
    }
    return Recipe.named(recipe)
        .orElseThrow(() -> usage("no recipe '" + recipe + "'; there are " + Recipe.names()));
  }

  private int positive(String option, Integer value, int fallback) {
    requireUsage(value == null || value >= 1, option + " must be at least 1: " + value);
    return value == null ? fallback : value;
  }

  private QuantizationPlan plan() {
    NamedScheme named =
        scheme == null
            ? NamedScheme.DEFAULT
            : NamedScheme.named(scheme)
                .orElseThrow(
                    () ->
                        usage(
                            "no scheme '"
                                + scheme
                                + "'; there are W2A16 to W8A16, with G64 and"
                                + " the like after them"));
    int width = bits == null ? named.bits() : bits;
    int group = groupSize == null ? named.groupSize() : groupSize;
    requireUsage(width >= 2 && width <= 8, "--bits takes 2 to 8: " + width);
    requireUsage(group == -1 || group >= 1, "--group-size must be positive, or -1: " + group);
    requireUsage(!(sym && asym), "--sym and --asym exclude each other");
    QuantizationPlan plan =
        QuantizationPlan.uniform(new QuantScheme(width, group, !asym, scaleType()))
            .withIgnored(ignoreLayers)
            .withHead(quantHead);
    try {
      return layerConfig == null ? plan : plan.withRules(LayerConfig.read(layerConfig));
    } catch (IllegalArgumentException e) {
      throw usage("--layer-config: " + e.getMessage());
    }
  }

  private DType scaleType() {
    return switch (scaleType.toLowerCase(Locale.ROOT)) {
      case "fp16", "f16", "float16" -> DType.F16;
      case "fp32", "f32", "float32" -> DType.F32;
      default -> throw usage("--scale-dtype takes fp16 or fp32: " + scaleType);
    };
  }

  private Map<String, String> options(String name, int steps, Recipe effort) {
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

  private BlockQuantizer quantizer(String name, Map<String, String> options) {
    Method chosen =
        Methods.ALL.stream()
            .filter(m -> m.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    usage(
                        "no method '"
                            + name
                            + "'; there are "
                            + String.join(", ", Methods.ALL.stream().map(Method::name).toList())));
    try {
      return chosen.create(MethodOptions.of(options));
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  /** What an export records, as auto-round spells it. */
  private Map<String, Object> settings(
      String name, Map<String, String> options, RunOptions run, int count, int tokens) {
    Map<String, Object> settings = new LinkedHashMap<>();
    boolean tuned = !name.equals("rtn");
    settings.put("iters", tuned ? Long.parseLong(options.getOrDefault("iters", "0")) : 0L);
    if (tuned) {
      settings.put("nsamples", (long) count);
      settings.put("seqlen", (long) tokens);
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

  private Output output() {
    List<ExportFormat> chosen = new ArrayList<>();
    for (String name : formats) {
      ExportFormat format =
          ExportFormats.named(name.strip().replace('-', '_'))
              .orElseThrow(
                  () ->
                      usage(
                          "no format '"
                              + name
                              + "'; there are "
                              + String.join(", ", ExportFormats.names())));
      requireUsage(!chosen.contains(format), "--format names " + format.name() + " twice");
      chosen.add(format);
    }
    // The demo's own folder holds nothing but earlier demos.
    boolean ours = outputDir == null && demo();
    return new Output(
        outputDir == null ? defaultFolder() : outputDir,
        chosen,
        force || ours,
        Optional.ofNullable(workDir),
        restart || force || ours);
  }

  private Path defaultFolder() {
    QuantScheme s = plan().defaultScheme();
    String file = Path.of(model).getFileName() + "";
    String name = file.replaceFirst("\\.(gguf|safetensors)$", "");
    String group = s.groupSize() < 0 ? "row" : Integer.toString(s.groupSize());
    return Path.of(
        "out",
        (name.isEmpty() ? MODEL : name)
            + ("-w" + s.bits() + "g" + group)
            + (s.symmetric() ? "" : "-asym"));
  }

  private Optional<Evaluation> evaluation(int tokens) {
    boolean off = disableEval || Boolean.FALSE.equals(evaluate);
    boolean asked = Boolean.TRUE.equals(evaluate) || evalDataset != null;
    if (off || !(asked || demo())) {
      requireUsage(!off || evalDataset == null, "--no-eval and --eval-dataset exclude each other");
      return Optional.empty();
    }
    requireUsage(
        evalDataset != null || demo(), "--eval needs --eval-dataset, a text to measure on");
    requireUsage(evalLimit >= 0, "--eval-limit must not be negative: " + evalLimit);
    int window = positive("--eval-seqlen", evalLength, tokens);
    requireUsage(window >= 2, "--eval-seqlen must be at least 2: " + window);
    return Optional.of(new Evaluation(Optional.ofNullable(evalDataset), window, evalLimit));
  }
}
