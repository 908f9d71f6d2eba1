package dev.ashlar.formats.export;

import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.layout.PackedLayout;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.FileBlocks;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reasons, common to packed formats, why a plan cannot be written. */
final class Refusals {
  private static final System.Logger LOG = System.getLogger("dev.ashlar.formats.export");

  /** Families whose linear maps are of a class of their own in transformers. */
  private static final Set<Object> OTHER_CLASSES = Set.of("falcon");

  /** Families whose experts transformers holds stacked, and finds under no name of a single one. */
  private static final Set<Object> STACKED_EXPERTS =
      Set.of("gpt_oss", "granitemoe", "granitemoeshared");

  /** Linear maps that vLLM joins with others that read the same input, and the first of these. */
  private static final Map<String, String> JOINED =
      Map.of("k_proj", "q_proj", "v_proj", "q_proj", "up_proj", "gate_proj");

  private Refusals() {}

  /** Throws what {@link ExportFormat#create} throws for a reason. */
  static void require(Optional<String> refusal) {
    refusal.ifPresent(
        reason -> {
          throw new IllegalArgumentException(reason);
        });
  }

  /** Why the plan cannot be written as {@code format} in {@code layout}, in one sentence. */
  static Optional<String> of(
      String format, PackedLayout layout, WeightSource source, ExportPlan plan) {
    Optional<String> beyond = plan.base().beyondIntegerWeights();
    if (beyond.isPresent()) {
      return Optional.of("format " + format + " " + beyond.get());
    }
    Optional<String> reordering = ofReordering(format, layout, plan);
    if (reordering.isPresent()) {
      return reordering;
    }
    for (Map.Entry<String, QuantScheme> linear : plan.linears().entrySet()) {
      String module = linear.getKey();
      QuantScheme scheme = linear.getValue();
      if (scheme.isFloat()) {
        continue;
      }
      if (FolderExport.isHead(module) && ModelConfig.tied(source)) {
        return Optional.of(
            format
                + " cannot quantize "
                + module
                + ": it is tied to the embedding, which is float");
      }
      Optional<String> refusal = refusal(layout, source, module, scheme);
      if (refusal.isPresent()) {
        return Optional.of("format " + format + " " + refusal.get() + " (" + module + ")");
      }
    }
    return Optional.empty();
  }

  /** Why a format with one scheme for all layers cannot have the plan, in one sentence. */
  static Optional<String> ofSeveralSchemes(String format, ExportPlan plan) {
    return plan.linears().entrySet().stream()
        .filter(e -> !e.getValue().isFloat() && !e.getValue().equals(plan.base()))
        .findFirst()
        .map(
            e ->
                "format "
                    + format
                    + " has one scheme for all layers ("
                    + plan.base()
                    + "), and "
                    + e.getKey()
                    + " is to be "
                    + e.getValue()
                    + "; auto_round can");
  }

  /** Why a format whose loaders look for packed layers in blocks only cannot have the plan. */
  static Optional<String> ofHeads(String format, ExportPlan plan) {
    return plan.linears().entrySet().stream()
        .filter(e -> !e.getValue().isFloat() && !WrittenLayers.inBlock(e.getKey()))
        .findFirst()
        .map(
            e ->
                "format "
                    + format
                    + " packs layers of blocks only, and "
                    + e.getKey()
                    + " is none; auto_round and auto_gptq can");
  }

  /** Why a layout that has no group for each column cannot have the plan, in one sentence. */
  static Optional<String> ofReordering(String format, PackedLayout layout, ExportPlan plan) {
    return layout.holdsReordered() || !plan.reorders()
        ? Optional.empty()
        : Optional.of(
            "format "
                + format
                + " has no room for columns in another order (act_order); auto_gptq can, and"
                + " static_groups need none");
  }

  /**
   * Why a format whose packed matrices have the names of float ones, by which they are taken to lie
   * turned too, cannot have the plan, in one sentence.
   */
  static Optional<String> ofTurned(String format, ExportPlan plan) {
    return plan.transposed().stream()
        .filter(
            module -> plan.linears().containsKey(module) && !plan.linears().get(module).isFloat())
        .sorted()
        .findFirst()
        .map(
            module ->
                "format "
                    + format
                    + " has no place for "
                    + module
                    + " and its like, which are of a class (Conv1D) whose matrices lie turned;"
                    + " auto_round and llm_compressor have");
  }

  /** Warns of matrices that float files hold turned: loaders replace maps of another class. */
  static void warnOfTurned(String format, ExportPlan plan) {
    plan.transposed().stream()
        .sorted()
        .findFirst()
        .ifPresent(
            module ->
                LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: {1} and its like are of a class (Conv1D) that loaders of this format do"
                        + " not replace; Ashlar reads the folder",
                    format,
                    module));
  }

  /** Why a format that says nothing of inputs cannot have the plan, in one sentence. */
  static Optional<String> ofRoundedInputs(String format, ExportPlan plan) {
    return plan.linears().values().stream()
        .flatMap(scheme -> scheme.activations().stream())
        .findFirst()
        .map(
            inputs ->
                "format "
                    + format
                    + " cannot say that inputs are rounded ("
                    + inputs
                    + "); auto_round can");
  }

  /** Why a format that rounds nothing itself cannot have the plan, in one sentence. */
  static Optional<String> ofBlocks(String format, ExportPlan plan) {
    return plan.linears().entrySet().stream()
        .filter(e -> e.getValue() instanceof FileBlocks)
        .findFirst()
        .map(
            e ->
                "format "
                    + format
                    + " does not round weights, and "
                    + e.getKey()
                    + " is to be rounded by the file ("
                    + e.getValue()
                    + ")");
  }

  /**
   * Warns of families that loaders built on transformers load without the packed weights: they
   * replace linear maps of exactly one class, and these models have another.
   */
  static void warnOfLoaders(String format, WeightSource source) {
    loaderWarning(format, source, false)
        .ifPresent(sentence -> LOG.log(System.Logger.Level.WARNING, sentence));
  }

  /** The same for a format that has no loader beside transformers itself to take experts apart. */
  static void warnOfLoadersAndExperts(String format, WeightSource source) {
    loaderWarning(format, source, true)
        .ifPresent(sentence -> LOG.log(System.Logger.Level.WARNING, sentence));
  }

  static Optional<String> loaderWarning(String format, WeightSource source, boolean experts) {
    return Optional.ofNullable(source.config().get("model_type"))
        .filter(t -> OTHER_CLASSES.contains(t) || experts && STACKED_EXPERTS.contains(t))
        .map(
            type ->
                format
                    + ": loaders that are built on transformers leave the packed weights of "
                    + type
                    + " models aside and compute with random ones; Ashlar reads the folder, and"
                    + " --format fake writes one that every loader reads");
  }

  /** Warns of last groups that are shorter: the layout has them, many kernels do not. */
  static void warnOfShortGroups(String format, WeightSource source, ExportPlan plan) {
    for (Map.Entry<String, QuantScheme> linear : plan.linears().entrySet()) {
      QuantScheme scheme = linear.getValue();
      long in = source.find(linear.getKey() + ".weight").map(t -> t.shape().dim(-1)).orElse(0L);
      if (scheme instanceof IntegerGrid grid && in > grid.groupSize() && !grid.divides(in)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0}: groups of {1} do not divide the {2} inputs of {3}; Ashlar reads such layers, but"
                + " many kernels of other tools refuse them",
            format,
            Integer.toString(grid.groupSize()),
            Long.toString(in),
            linear.getKey());
        return;
      }
    }
  }

  /** Warns of layers with different schemes that loaders join to one. */
  static void warnOfJoined(String format, ExportPlan plan) {
    for (String module : plan.linears().keySet()) {
      int name = module.lastIndexOf('.') + 1;
      String first = module.substring(0, name) + JOINED.get(module.substring(name));
      QuantScheme scheme = plan.linears().get(module);
      if (!scheme.equals(plan.linears().getOrDefault(first, scheme))) {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0}: {1} is to be {2}, but {3} {4}; Ashlar and transformers read such folders, vLLM joins"
                + " the two and takes one scheme for both",
            format,
            module,
            scheme,
            first,
            plan.linears().get(first));
        return;
      }
    }
  }

  /** Warns of scales in float32, which are written on request: what other tools do is their own. */
  static void warnOfWideScales(String format, ExportPlan plan) {
    boolean wide =
        plan.linears().values().stream()
            .anyMatch(s -> s instanceof IntegerGrid grid && grid.scaleType() == DType.F32);
    if (wide) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: scales are written in float32, as asked; Ashlar reads them, but loaders of other"
              + " tools may round them to half precision",
          format);
    }
  }

  /** Why the layout cannot spell this layer; extents that the source does not tell pass. */
  static Optional<String> refusal(
      PackedLayout layout, WeightSource source, String module, QuantScheme scheme) {
    Optional<Shape> shape =
        source
            .find(module + ".weight")
            .map(t -> t.shape())
            .filter(s -> s.rank() == 2 && s.size() <= Integer.MAX_VALUE);
    // Stacked experts have no tensor of their own: only the scheme can be judged.
    int out = shape.map(s -> (int) s.dim(0)).orElse(32);
    int in = shape.map(s -> (int) s.dim(1)).orElse(32);
    return layout.refusal(out, in, scheme);
  }
}
