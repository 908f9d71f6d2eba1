package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.doctor.Memory;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.Efforts;
import dev.ashlar.engine.quantize.FormatSchemes;
import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.Evaluation;
import dev.ashlar.engine.quantize.QuantizeResult;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Quantizes a model: from options, whose names are auto-round's, to a request. */
@CommandLine.Command(
    description = {
      "Quantizes a model's weights and writes them as folders that other tools read too.",
      "",
      "Without arguments it shows what tuning is for: the bundled demo model at 2 bits, where"
          + " rounding does harm and tuning mends it.",
      "",
      "A run that is interrupted goes on where it was when the same command is given again."
    },
    footer = {
      "  ashlar quantize",
      "  ashlar quantize --bits 2 --group-size 32",
      "  ashlar quantize --model ~/models/Qwen3-0.6B --dataset texts.jsonl --output-dir out",
      "  ashlar quantize --model m.gguf --recipe cpu --dataset wiki.txt --output-dir out \\",
      "      --format auto_round,auto_gptq --eval --eval-dataset wiki-test.txt",
      "  ashlar quantize --model m --method feedback --minutes 5 --bits 3 --output-dir out",
      "  ashlar quantize --model m --method rtn --bits 8 --output-dir out",
      "  ashlar quantize --model unknown --method rtn --model-free --output-dir out",
      "  ashlar quantize --model m --dataset a.jsonl:num=64,b.json:concat --output-dir out \\",
      "      --layer-config '{\".*down_proj\": {\"bits\": 8}}'",
      "  ashlar quantize --model m --avg-bits 3.5 --options W2A16G64,W4A16G64,W8A16G64"
    })
final class QuantizeCommand extends Command {
  QuantizeCommand(Console console) {
    super(console);
  }

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description =
          "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or demo (the"
              + " default); also by itself.")
  String model = ModelPaths.DEMO;

  @Option(
      names = "--model-free",
      description =
          "Round to nearest (or another method without data) from file to file without building the"
              + " model: for families that are not known, and for large models.")
  boolean modelFree;

  private final MethodArguments methods = new MethodArguments();

  @Mixin SchemeOptions scheme;

  @Mixin AutomaticBitsOptions bits;

  @Mixin TuningOptions tuning;

  @Mixin OutputOptions output;

  @Mixin EvaluationOptions evaluation;

  @Mixin BackendOption backend;

  @Override
  Report execute() {
    Optional<String> device = backend.device();
    if (device.isEmpty()) {
      backend.ofProcess("quantize computes");
    }
    QuantizeResult result = request().run(new ConsoleListener(console));
    Optional<Showcase.Sums> sums =
        isShowcase() ? Optional.of(Showcase.sums(result.folder())) : Optional.empty();
    return QuantizeReport.of(result, sums, Memory.peak());
  }

  private boolean isShowcase() {
    return Showcase.isAsked(spec.commandLine().getParseResult());
  }

  /** Methods say themselves what can be set. */
  @Override
  void extend(CommandSpec described) {
    methods.addTo(described);
  }

  /** The request that the options amount to. */
  QuantizeRequest request() {
    boolean demo = model.equals(ModelPaths.DEMO);
    try {
      Optional<Method> asked = methods.asked();
      Method method = asked.orElse(modelFree ? Methods.BASELINE : Methods.DEFAULT);
      MethodOptions given = onDevice(method, tuning.given(methods.given()));
      Effort effort =
          isShowcase()
              ? Showcase.EFFORT
              : Efforts.of(method, Optional.ofNullable(tuning.recipe), demo, given);
      return request(demo, effort, method.settle(given.over(effort.options())));
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  /** With the device for a method that tunes on one. */
  private MethodOptions onDevice(Method method, MethodOptions given) {
    Optional<String> device = backend.device();
    if (device.isEmpty()) {
      return given;
    }
    boolean takes = method.options().stream().anyMatch(o -> o.name().equals(Method.DEVICE));
    requireUsage(
        takes && !modelFree,
        "--backend "
            + backend.name
            + ": "
            + (takes ? "--model-free" : "method " + method.name())
            + " computes on the processor only; "
            + "methods that tune on a device: "
            + Methods.all().stream()
                .filter(m -> m.options().stream().anyMatch(o -> o.name().equals(Method.DEVICE)))
                .map(Method::name)
                .collect(Collectors.joining(", ")));
    return MethodOptions.of(Map.of(Method.DEVICE, device.get())).over(given.values());
  }

  private QuantizeRequest request(boolean demo, Effort effort, Method.Choice choice) {
    BlockQuantizer quantizer = choice.create();
    requireUsage(
        !modelFree || !output.restart, "model-free: there is no work folder, a run begins anew");
    CalibrationRequest data = tuning.calibration(effort);
    Optional<AutomaticBits> automatic = bits.automatic(scheme.asym, scheme.scaleType());
    QuantizationPlan plan =
        isShowcase()
            ? QuantizationPlan.uniform(Showcase.GRID)
            : scheme.plan(automatic.map(AutomaticBits::first));
    List<ExportFormat> formats =
        output.formats(scheme.format().or(() -> automatic.flatMap(AutomaticBits::format)));
    Optional<ExportFormat> deciding =
        isShowcase() || automatic.isPresent() || !scheme.follows()
            ? Optional.empty()
            : FormatSchemes.deciding(formats);
    Optional<Evaluation> measured = evaluation.evaluation(demo, data.length());
    QuantizeRequest request =
        new QuantizeRequest(
            model,
            plan,
            choice,
            tuning.run(effort),
            data,
            output.output(model, plan.defaultScheme(), formats, deciding),
            measured,
            tuning.memory(),
            automatic,
            deciding,
            false);
    QuantizeRequest settled = modelFree ? request.withoutModel() : request;
    boolean bySamples = measured.isPresent() && evaluation.evalLength == null;
    tuning
        .idle(
            quantizer,
            effort,
            data.samples(),
            bySamples,
            automatic.isPresent(),
            !modelFree && settled.needsData())
        .forEach(console::warning);
    scheme.idle().ifPresent(console::warning);
    return settled;
  }
}
