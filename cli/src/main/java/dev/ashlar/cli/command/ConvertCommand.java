package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.ConsoleListener;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Report;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelFile;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.FloatFolder;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Rewrites a model in another container. */
@CommandLine.Command(
    description =
        "Writes a model as a Hugging Face folder of float weights, tokenizer and all, where"
            + " block-quantized or packed weights are expanded; or as a GGUF file of some type."
            + " Adapters of --lora are merged.",
    footer = {
      "  ashlar convert --model m --format gguf:q4_k_m --output-dir m-gguf",
      "  ashlar convert --model m.gguf --format safetensors --output-dir m",
      "  ashlar convert --model m.gguf --dtype f16 --output-dir m",
      "  ashlar convert --model m --lora adapter --dtype bf16 --output-dir m-tuned"
    })
final class ConvertCommand extends Command {
  private static final String SAFETENSORS = "safetensors";
  private static final String GGUF = "gguf";

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description =
          "Model folder, .safetensors or .gguf file, hub id (ORG/NAME), or 'demo'; also by"
              + " itself.")
  String model;

  @Option(
      names = "--format",
      paramLabel = "F",
      defaultValue = SAFETENSORS,
      description =
          "Container to write: "
              + SAFETENSORS
              + ", gguf:q4_k_m or another type of gguf, or gguf for"
              + " the type that suits the weights (default: ${DEFAULT-VALUE}).")
  String format;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      description = "f32, f16 or bf16 (default: the smallest that loses nothing).")
  String dtype;

  @Option(
      names = "--output-dir",
      paramLabel = "DIR",
      required = true,
      description = "Folder to write.")
  Path outputDir;

  @Option(names = "--force", description = "Replace a model that is there already.")
  boolean force;

  @Mixin AdapterOptions adapters;

  ConvertCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    boolean floats = format.equals(SAFETENSORS);
    Optional<ExportFormat> file =
        Optional.of(format.toLowerCase(Locale.ROOT))
            .filter(name -> name.startsWith(GGUF))
            .flatMap(ExportFormats::named);
    requireUsage(
        floats || file.isPresent(),
        "no format '" + format + "'; known formats: " + SAFETENSORS + ", gguf, gguf:q4_k_m…");
    requireUsage(
        floats || dtype == null, "--dtype is of " + SAFETENSORS + "; gguf:f16 is a type of gguf");
    Optional<DType> type = Optional.ofNullable(dtype).map(this::type);
    long start = System.nanoTime();
    Path path = ModelPaths.resolve(model, new ConsoleListener(console));
    try (Model opened = Model.open(path, adapters.files());
        OutputFolder folder = OutputFolder.claim(outputDir, force, opened.checkpoint())) {
      opened.requireComplete();
      List<Path> files;
      try (Stage progress = console.begin("converting", 1)) {
        FloatFolder.Progress told = (tensor, done, all) -> progress.at((double) done / all, tensor);
        files =
            floats
                ? FloatFolder.write(opened.expanded(), folder.path(), type, force, told)
                : ModelFile.write(opened, file.get(), folder.path(), force, told);
      }
      return report(files, (System.nanoTime() - start) / 1e9);
    }
  }

  private DType type(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "f32", "float32" -> DType.F32;
      case "f16", "float16" -> DType.F16;
      case "bf16", "bfloat16" -> DType.BF16;
      default -> throw usage("--dtype takes f32, f16 or bf16: '" + name + "'");
    };
  }

  private Report report(List<Path> files, double seconds) {
    long bytes = 0;
    for (Path file : files) {
      try {
        bytes += Files.size(file);
      } catch (IOException e) {
        throw new InputException(file + ": written, but gone", e);
      }
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", model);
    facts.put("output", outputDir.toString());
    facts.put("files", (long) files.size());
    facts.put("bytes", bytes);
    facts.put("seconds", seconds);
    return new Report(
        "wrote "
            + outputDir
            + " ("
            + Figures.bytes(bytes)
            + " of weights) in "
            + Figures.seconds(seconds),
        facts);
  }
}
