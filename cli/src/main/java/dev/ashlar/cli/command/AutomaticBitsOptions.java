package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import dev.ashlar.tuning.autoscheme.SchemeOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Whether and from what bits are chosen for each layer; the names are auto-round's. */
final class AutomaticBitsOptions extends OptionGroup {
  @Option(
      names = "--avg-bits",
      paramLabel = "X",
      description =
          "Choose a scheme for each layer from --options, so that weights have X bits on average,"
              + " scales and zero points included, and the model minds least (default: the same"
              + " scheme for all).")
  Double averageBits;

  @Option(
      names = "--options",
      paramLabel = "NAMES",
      description =
          "Schemes to choose from, with commas between; BF16 leaves a layer float, GGUF:Q4_K_S and"
              + " the like are for a GGUF file (default W2A16G64,W4A16G64,W8A16G64).")
  String options;

  @Option(
      names = "--shared-layers",
      paramLabel = "NAMES",
      description =
          "Layers of a block that get the same scheme: parts of names with commas between, as"
              + " q_proj,k_proj,v_proj; repeatable (default: experts of a block only).")
  List<String> shared = List.of();

  @Option(
      names = "--ignore-scale-zp-bits",
      description = "Leave the bits of scales and zero points out of --avg-bits.")
  boolean bareCodes;

  @Option(
      names = "--scores",
      paramLabel = "FILE",
      description =
          "Where it is kept how much each layer minds each scheme, so that another --avg-bits is"
              + " chosen at once (default: beside the work folder).")
  Path scores;

  /** What was asked for. */
  Optional<AutomaticBits> automatic(boolean asymmetric, DType scaleType) {
    if (averageBits == null) {
      for (String name :
          List.of("--options", "--shared-layers", "--ignore-scale-zp-bits", "--scores")) {
        requireUsage(!given(name), name + " has no effect without --avg-bits");
      }
      return Optional.empty();
    }
    List<List<String>> groups =
        shared.stream().map(g -> Arrays.stream(g.split(",")).map(String::strip).toList()).toList();
    List<String> names =
        options == null
            ? AutomaticBits.USUAL
            : Arrays.stream(options.split(",")).map(String::strip).toList();
    try {
      List<SchemeOption> all =
          names.stream().map(n -> AutomaticBits.option(n, !asymmetric, scaleType)).toList();
      return Optional.of(
          new AutomaticBits(
              new AutoScheme(averageBits, all, groups, bareCodes), Optional.ofNullable(scores)));
    } catch (IllegalArgumentException e) {
      throw usage("--avg-bits and --options: " + e.getMessage());
    }
  }
}
