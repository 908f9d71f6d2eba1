package dev.ashlar.cli.command;

import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.QuantizeRequest.Output;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where the result goes, and where unfinished work is kept. */
final class OutputOptions extends OptionGroup {
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

  /** Where the result for {@code model} goes. */
  Output output(String model, QuantScheme scheme) {
    List<ExportFormat> chosen = new ArrayList<>();
    for (String name : formats) {
      ExportFormat format =
          ExportFormats.named(name.strip().replace('-', '_'))
              .orElseThrow(() -> usage(ExportFormats.unknown(name).getMessage()));
      requireUsage(!chosen.contains(format), "--format names " + format.name() + " twice");
      chosen.add(format);
    }
    // The demo's own folder holds nothing but earlier demos.
    boolean ours = outputDir == null && model.equals(ModelPaths.DEMO);
    return new Output(
        outputDir == null ? defaultFolder(model, scheme) : outputDir,
        chosen,
        force || ours,
        Optional.ofNullable(workDir),
        restart || force || ours);
  }

  private static Path defaultFolder(String model, QuantScheme scheme) {
    IntegerGrid s = scheme.integers("this command");
    String file = Path.of(model).getFileName() + "";
    String name = file.replaceFirst("\\.(gguf|safetensors)$", "");
    String group = s.groupSize() < 0 ? "row" : Integer.toString(s.groupSize());
    return Path.of(
        "out",
        (name.isEmpty() ? "model" : name)
            + ("-w" + s.bits() + "g" + group)
            + (s.symmetric() ? "" : "-asym"));
  }
}
