package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.Unquantized;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Whether and from what bits are chosen for each layer; the names are auto-round's. */
final class AutomaticBitsOptions extends OptionGroup {
  /** What is chosen from if nothing is said. */
  private static final String USUAL = "W2A16G64,W4A16G64,W8A16G64";

  private static final List<String> FLOATS = List.of("BF16", "FP16");

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
          "Schemes to choose from, with commas between; BF16 leaves a layer float (default "
              + USUAL
              + ").")
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
    requireUsage(averageBits >= 1 && averageBits <= 16, "--avg-bits takes 1 to 16: " + averageBits);
    List<AutoScheme.Option> all = new ArrayList<>();
    String names = options == null ? USUAL : options;
    for (String name : names.split(",")) {
      all.add(new AutoScheme.Option(name.strip(), scheme(name.strip(), asymmetric, scaleType)));
    }
    requireUsage(
        all.stream().anyMatch(o -> !o.scheme().isFloat()), "--options has no scheme of codes");
    List<List<String>> groups =
        shared.stream().map(g -> Arrays.stream(g.split(",")).map(String::strip).toList()).toList();
    try {
      return Optional.of(
          new AutomaticBits(
              new AutoScheme(averageBits, all, groups, bareCodes), Optional.ofNullable(scores)));
    } catch (IllegalArgumentException e) {
      throw usage("--options: " + e.getMessage());
    }
  }

  /** The first scheme of codes: what layers have that nothing speaks of. */
  static QuantScheme first(AutomaticBits bits) {
    return bits.scheme().options().stream()
        .map(AutoScheme.Option::scheme)
        .filter(s -> !s.isFloat())
        .findFirst()
        .orElseThrow();
  }

  private QuantScheme scheme(String name, boolean asymmetric, DType scaleType) {
    if (FLOATS.contains(name.toUpperCase(Locale.ROOT))) {
      return new Unquantized();
    }
    try {
      NamedScheme named = NamedScheme.require(name);
      if (named.floats().isPresent() || named.inputs().isPresent()) {
        throw usage(
            "--options: " + name + ": only integer weights beside inputs as they are, and BF16");
      }
      return new IntegerGrid(named.bits(), named.groupSize(), !asymmetric, scaleType);
    } catch (IllegalArgumentException e) {
      throw usage("--options: " + e.getMessage());
    }
  }
}
