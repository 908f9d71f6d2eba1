package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.doctor.Memory;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.ModelFreeJob;
import dev.ashlar.engine.quantize.QuantizeJob;
import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.QuantizeResult;
import dev.ashlar.engine.quantize.Recipe;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
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
      names = "--model-free",
      description =
          "Round to nearest from file to file without building the model: for families that are"
              + " not known, and for large models.")
  boolean modelFree;

  @Mixin SchemeOptions scheme;

  @Mixin TuningOptions tuning;

  @Mixin OutputOptions output;

  @Mixin EvaluationOptions evaluation;

  @Override
  Report execute() {
    QuantizeRequest request = request();
    if (!modelFree) {
      return report(new QuantizeJob(request, new ConsoleListener(console)).run());
    }
    requireUsage(
        request.evaluation().isEmpty(),
        "--eval needs the model, which --model-free does not build");
    requireUsage(
        request.output().work().isEmpty(), "--model-free has no work folder: a run begins anew");
    return report(new ModelFreeJob(request, new ConsoleListener(console)).run());
  }

  private static Report report(QuantizeResult result) {
    return QuantizeReport.of(result, Memory.peak());
  }

  /** The request that the options amount to. */
  QuantizeRequest request() {
    boolean demo = model.equals(ModelPaths.DEMO);
    Recipe effort = tuning.effort(demo);
    int steps = tuning.steps(effort);
    // No steps are round-to-nearest, which has a method of its own that needs no data.
    boolean chosen = spec.commandLine().getParseResult().hasMatchedOption("--method");
    boolean rounding = method.equals("signround") && (steps == 0 || modelFree && !chosen);
    String name = rounding ? "rtn" : method;
    requireUsage(!modelFree || name.equals("rtn"), "--model-free goes with --method rtn alone");
    Map<String, String> options = tuning.method(name, steps, effort);
    BlockQuantizer quantizer = quantizer(name, options);
    CalibrationRequest data = tuning.calibration(effort);
    requireUsage(
        data.dataset().isPresent() || demo || !quantizer.needsInputs(),
        "--dataset is needed: a .txt, .json or .jsonl file to calibrate on (or --method rtn)");
    RunOptions run = tuning.run(effort);
    QuantizationPlan plan = scheme.plan();
    return new QuantizeRequest(
        model,
        plan,
        name,
        quantizer,
        tuning.settings(name, options, run, data),
        run,
        data,
        output.output(model, plan.defaultScheme()),
        evaluation.evaluation(demo, data.length()));
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
}
