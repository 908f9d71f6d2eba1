package dev.ashlar.cli.command;

import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.FormatSchemes;
import dev.ashlar.engine.quantize.QuantizeRequest.Output;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.SuperGrid;
import dev.ashlar.tensor.quant.Unquantized;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where the result goes, and where unfinished work is kept. */
final class OutputOptions extends OptionGroup {
  /** What names of auto-round's other formats begin with. */
  private static final List<String> NOT_WRITTEN =
      List.of("auto_round", "llm_compressor", "mlx", "svdquant", "marlin");

  /** All formats, for the help. */
  static final class FormatNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ExportFormats.names().iterator();
    }
  }

  @Option(
      names = "--format",
      paramLabel = "NAMES",
      completionCandidates = FormatNames.class,
      description =
          "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); several with commas between."
              + " 'ashlar list formats' says who reads them.")
  String formats = "auto_round";

  @Option(
      names = "--output-dir",
      paramLabel = "DIR",
      description =
          "Where to write (default: out/ and a name made of the model's and the scheme); several"
              + " formats get a folder each in it.")
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
      names = "--original-names",
      description =
          "Call experts what the model's own files call them (w1, w2, w3 of Mixtral), as vLLM wants"
              + " it, and fp8 and llm_compressor have it anyway; auto-round and gptqmodel read"
              + " gate_proj, down_proj, up_proj.")
  boolean originalNames;

  /**
   * What is written.
   *
   * @param ofScheme the format whose types the scheme is
   */
  List<ExportFormat> formats(Optional<ExportFormat> ofScheme) {
    List<ExportFormat> asked = asked();
    try {
      return ofScheme
          .map(format -> FormatSchemes.agreed(format, given("--format") ? asked : List.of()))
          .orElse(asked);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  private List<ExportFormat> asked() {
    List<ExportFormat> chosen = new ArrayList<>();
    for (String name : formats.split(",")) {
      ExportFormat format =
          ExportFormats.named(name.strip().toLowerCase(Locale.ROOT).replace('-', '_'))
              .orElseThrow(() -> usage(unknown(name.strip())));
      requireUsage(!chosen.contains(format), "--format names " + format.name() + " twice");
      chosen.add(format);
    }
    return chosen;
  }

  /**
   * Where the result for {@code model} goes.
   *
   * @param deciding the format from whose types schemes follow
   */
  Output output(
      String model,
      QuantScheme scheme,
      List<ExportFormat> chosen,
      Optional<ExportFormat> deciding) {
    String named = deciding.map(f -> f.name().replaceFirst(".*:", "")).orElse(words(scheme));
    // The demo's own folder holds nothing but earlier demos.
    boolean ours = outputDir == null && model.equals(ModelPaths.DEMO);
    return new Output(
        outputDir == null ? defaultFolder(model, named) : outputDir,
        chosen,
        force || ours,
        Optional.ofNullable(workDir),
        restart || force || ours,
        originalNames);
  }

  /** Why there is no such format here. */
  private static String unknown(String name) {
    String known = ExportFormats.unknown(name).getMessage();
    String bare = name.toLowerCase(Locale.ROOT).replace('-', '_');
    return NOT_WRITTEN.stream().anyMatch(bare::startsWith)
        ? known + " (" + name + " is one of auto-round's that Ashlar does not write)"
        : known;
  }

  private static Path defaultFolder(String model, String scheme) {
    String file = Path.of(model).getFileName() + "";
    String name = file.replaceFirst("\\.(gguf|safetensors)$", "");
    return Path.of("out", (name.isEmpty() ? "model" : name) + "-" + scheme);
  }

  private static String words(QuantScheme scheme) {
    String inputs = scheme.activations().map(a -> "a" + a.element().bits()).orElse("");
    return switch (scheme) {
      case IntegerGrid g ->
          ("w" + g.bits() + "g" + (g.groupSize() < 0 ? "row" : g.groupSize() + ""))
              + inputs
              + (g.symmetric() ? "" : "-asym");
      case FloatGrid g ->
          (g.scale() == FloatGrid.Scale.E8M0 ? "mx" : "") + "fp" + g.element().bits() + inputs;
      case SuperGrid g -> "w" + g.bits() + "g" + g.groupSize() + "k";
      case FileBlocks b -> b.type().toLowerCase(Locale.ROOT);
      case Unquantized u -> "float";
    };
  }
}
