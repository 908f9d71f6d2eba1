package dev.ashlar.cli.command;

import dev.ashlar.engine.quantize.FormatSchemes;
import dev.ashlar.engine.quantize.LayerConfig;
import dev.ashlar.engine.quantize.NamedScheme;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.ActivationScheme.Element;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.SchemeOverride;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which grid weights are put on, and which weights. */
final class SchemeOptions extends OptionGroup {
  /** What files of other tools may say too. */
  private static final int LARGEST_GROUP = 1 << 20;

  @Option(
      names = "--scheme",
      paramLabel = "NAME",
      description =
          "Bits and groups by name: W4A16 (the default), W2A16G64, …; or GGUF:Q4_K_M and the like, the"
              + " types of such a file; see 'ashlar list schemes'.")
  String scheme;

  @Option(names = "--bits", paramLabel = "N", description = "Bits of a weight, 2 to 8 (default 4).")
  Integer bits;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description = "Inputs that share a scale (default 128); -1 for whole rows.")
  Integer groupSize;

  @Option(
      names = "--asym",
      description = "Choose a zero point for each group, instead of the middle (default: --sym).")
  boolean asym;

  @Option(names = "--sym", hidden = true)
  boolean sym;

  @Option(
      names = "--act-bits",
      paramLabel = "N",
      description =
          "Bits of a layer's inputs, rounded with a scale for each token: 2 to 8, or 16 (default) to"
              + " take them as they are.")
  Integer inputBits;

  @Option(
      names = "--act-group-size",
      paramLabel = "N",
      description = "Inputs of a token that share a scale; -1 (default) for all.")
  Integer inputGroup;

  @Option(names = "--act-asym", description = "Choose a zero point for inputs too.")
  boolean inputAsym;

  @Option(
      names = "--disable-act-dynamic",
      description =
          "Fix the scale of a layer's rounded inputs by what they reach in the calibration data, one"
              + " for all.")
  boolean fixedInputs;

  @Option(
      names = "--scale-dtype",
      paramLabel = "TYPE",
      description = "Type of the scales, in files too: fp16 (the default) or fp32.")
  String scaleType = "fp16";

  @Option(
      names = "--layer-config",
      paramLabel = "JSON",
      description = "Schemes of single layers by name or regular expression; a file or inline.")
  String layerConfig;

  @Option(
      names = "--ignore-layers",
      paramLabel = "NAMES",
      description = "Leave layers float whose names contain one of these, with commas between.")
  String ignoreLayers = "";

  @Option(
      names = "--num-layers-to-quantize",
      paramLabel = "N",
      description = "Quantize the first blocks only and leave the others float (default: all).")
  Integer blocks;

  @Option(names = "--quant-lm-head", description = "Quantize the output head too.")
  boolean quantHead;

  /**
   * Which layers get which scheme.
   *
   * @param chosen the scheme of layers that nothing speaks of, where bits are chosen for each
   */
  QuantizationPlan plan(Optional<QuantScheme> chosen) {
    requireUsage(
        chosen.isEmpty()
            || (scheme == null && bits == null && groupSize == null && inputBits == null),
        "--avg-bits chooses from --options, beside which --scheme, --bits, --group-size and"
            + " --act-bits have no effect");
    requireUsage(
        format().isEmpty() || !saysMore(),
        "--scheme "
            + scheme
            + " is the types of a file, beside which --bits, --group-size, --sym, --asym, --act-bits"
            + " and --scale-dtype have no effect");
    NamedScheme named =
        scheme == null || format().isPresent() ? NamedScheme.DEFAULT : named(scheme);
    int width = bits == null ? named.bits() : bits;
    int group = groupSize == null ? named.groupSize() : groupSize;
    requireUsage(width >= 2 && width <= 8, "--bits takes 2 to 8: " + width);
    requireUsage(
        named.floats().isPresent() || group == -1 || (group >= 1 && group <= LARGEST_GROUP),
        "--group-size takes 1 to " + LARGEST_GROUP + ", or -1 for whole rows: " + group);
    requireUsage(!(sym && asym), "--sym and --asym exclude each other");
    requireUsage(
        blocks == null || blocks > 0, "--num-layers-to-quantize must be positive: " + blocks);
    requireUsage(
        named.floats().isEmpty()
            || bits == null && groupSize == null && !asym && !given("--scale-dtype"),
        "--scheme " + scheme + " says bits, groups and scales, and has no zero points");
    QuantScheme base =
        named.floats().isPresent()
            ? named.floats().get().withActivations(inputs(named))
            : new IntegerGrid(width, group, !asym, scaleType()).withActivations(inputs(named));
    QuantizationPlan all =
        QuantizationPlan.uniform(chosen.orElse(base))
            .withIgnored(Arrays.stream(ignoreLayers.split(",")).map(String::strip).toList())
            .withHead(quantHead);
    QuantizationPlan plan = blocks == null ? all : all.withFirstBlocks(blocks);
    try {
      return layerConfig == null ? plan : ruled(plan);
    } catch (IllegalArgumentException e) {
      throw usage("--layer-config: " + e.getMessage());
    }
  }

  /** The format whose types --scheme names. */
  Optional<ExportFormat> format() {
    return Optional.ofNullable(scheme).flatMap(FormatSchemes::named);
  }

  /** Whether nothing is said of bits and groups, so that they may follow from a format. */
  boolean follows() {
    return (scheme == null || format().isPresent()) && !saysMore();
  }

  private boolean saysMore() {
    return bits != null
        || groupSize != null
        || asym
        || sym
        || inputBits != null
        || given("--scale-dtype");
  }

  /** How inputs are rounded: what the name says, but for what options say. */
  private Optional<ActivationScheme> inputs(NamedScheme named) {
    if (inputBits == null && named.floats().isPresent()) {
      requireUsage(
          !fixedInputs || named.inputs().filter(a -> !a.dynamic()).isPresent(),
          "--disable-act-dynamic has no effect beside --scheme "
              + scheme
              + ", which says how inputs are rounded; FP8_STATIC has fixed scales");
      return named.inputs();
    }
    int width =
        inputBits != null
            ? inputBits
            : named.inputs().map(a -> a.element().bits()).orElse(QuantScheme.FLOAT_BITS);
    requireUsage(
        width == QuantScheme.FLOAT_BITS || width >= 2 && width <= 8,
        "--act-bits takes 2 to 8, or 16: " + width);
    int group = inputGroup == null ? -1 : inputGroup;
    requireUsage(
        group == -1 || group >= 1 && group <= LARGEST_GROUP,
        "--act-group-size takes 1 to " + LARGEST_GROUP + ", or -1: " + group);
    requireUsage(
        width < QuantScheme.FLOAT_BITS || inputGroup == null && !inputAsym && !fixedInputs,
        "--act-group-size, --act-asym and --disable-act-dynamic are about rounded inputs: give"
            + " --act-bits too");
    requireUsage(
        !fixedInputs || inputGroup == null && !inputAsym,
        "--disable-act-dynamic has one scale without a zero point for all inputs: leave out"
            + " --act-group-size and --act-asym");
    if (width == QuantScheme.FLOAT_BITS) {
      return Optional.empty();
    }
    Element element = new Element.Integers(width, !inputAsym);
    return Optional.of(new ActivationScheme(element, fixedInputs ? 0 : group, !fixedInputs));
  }

  /** Says that a scheme's name was given for nothing. */
  Optional<String> idle() {
    boolean inputs =
        scheme != null && NamedScheme.named(scheme).flatMap(NamedScheme::inputs).isPresent();
    return scheme != null && bits != null && groupSize != null && !inputs
        ? Optional.of("--scheme has no effect: --bits and --group-size say all of it")
        : Optional.empty();
  }

  private QuantizationPlan ruled(QuantizationPlan plan) {
    Map<String, SchemeOverride> rules = LayerConfig.read(layerConfig);
    requireUsage(!rules.isEmpty(), "--layer-config names no layer");
    return plan.withRules(rules);
  }

  private NamedScheme named(String name) {
    try {
      return NamedScheme.require(name);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  /** What scales are rounded to. */
  DType scaleType() {
    return switch (scaleType.toLowerCase(Locale.ROOT)) {
      case "fp16", "f16", "float16" -> DType.F16;
      case "fp32", "f32", "float32" -> DType.F32;
      default -> throw usage("--scale-dtype takes fp16 or fp32: " + scaleType);
    };
  }
}
