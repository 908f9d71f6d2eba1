package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.HeadTie;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.method.Finite;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.plan.LayerShape;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.QuantizationPlan.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A method that needs no data, straight from file to file, as AutoRound's model-free mode: matrix
 * after matrix is read, quantized and written, each weight file of the source becomes one, and no
 * model is built. So families work that nobody described, and memory holds one matrix.
 *
 * <p>Where the family is known it says which tensors are linear maps, and the codes are those of an
 * ordinary run; else their names and shapes do. A run that is killed leaves only hidden temporary
 * files, which the next one removes.
 */
public final class ModelFreeJob {
  private QuantizeRequest request;
  private final JobListener listener;
  private final LinearQuantizer method;
  private final long start = System.nanoTime();
  private final Map<String, QuantScheme> schemes = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();

  /**
   * A run that tells {@code listener} how it goes.
   *
   * @throws IllegalArgumentException if the method needs a model or data
   */
  public ModelFreeJob(QuantizeRequest request, JobListener listener) {
    this.request = request;
    this.listener = listener;
    this.method =
        request
            .quantizer()
            .alone()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "method "
                            + request.method()
                            + " does not take matrices by themselves, without a model"));
  }

  /**
   * Does everything.
   *
   * @throws InputException if something that was given cannot be used
   * @throws dev.ashlar.engine.job.RunException if weights are not finite
   */
  public QuantizeResult run() {
    return Faults.translated(this::execute);
  }

  private QuantizeResult execute() {
    boolean overwrite = request.output().overwrite();
    try (Model model = Model.open(request.model(), listener);
        OutputFolder output =
            OutputFolder.claim(request.output().folder(), overwrite, model.checkpoint())) {
      Checkpoint source = model.checkpoint();
      QuantizeJob.requireFloat(source);
      Optional<DecoderSpec> family = family(source);
      ModelTensors tensors =
          family
              .map(spec -> ModelTensors.of(spec, source))
              .orElseGet(() -> ModelTensors.guessed(source));
      request
          .schemesOf()
          .ifPresent(
              format -> request = request.settled(FormatSchemes.settled(request, source, tensors)));
      decide(tensors, family, source);
      Map<String, Object> settings = Recorded.of(request.choice(), Optional.empty());
      ExportPlan plan = tensors.plan(request.plan().defaultScheme(), schemes, settings);
      Exports.requirePossible(output.path(), request.output().formats(), source, plan, false);
      return write(
          output,
          source,
          tensors,
          plan,
          others(family, tensors, source),
          family.map(DecoderSpec::prefix).orElse("model."));
    }
  }

  private QuantizeResult write(
      OutputFolder output,
      Checkpoint source,
      ModelTensors tensors,
      ExportPlan plan,
      Set<String> others,
      String prefix) {
    boolean overwrite = request.output().overwrite();
    RunReport report;
    List<Written> written;
    ExportOptions options = request.output().options(overwrite);
    try (Exports exports =
        new Exports(output.path(), request.output().formats(), source, tensors, plan, options)) {
      pass(source, tensors, exports, others);
      exports.publish();
      Duration time = Duration.ofNanos(System.nanoTime() - start);
      report = new RunReport(List.of(), schemes, skipped, time);
      written = exports.verify(Optional.empty(), tensors.whole(others));
    }
    return new QuantizeResult(
        request,
        report,
        written,
        KeptTensors.byPart(others, prefix),
        FloatSource.codes(source),
        FloatSource.bytes(source),
        Duration.ofNanos(System.nanoTime() - start),
        Optional.empty(),
        List.of());
  }

  /** What the family says; empty if nobody described it. */
  private Optional<DecoderSpec> family(Checkpoint source) {
    Object type = source.config().get("model_type");
    if (!(type instanceof String name) || Architectures.find(name).isEmpty()) {
      listener.note(
          "no family is known as "
              + (type == null ? "nothing" : "\"" + type + "\"")
              + "; names and shapes tell which tensors are linear maps");
      return Optional.empty();
    }
    try {
      return Optional.of(Architectures.spec(source));
    } catch (InputException e) {
      listener.warning(e.getMessage() + "; names and shapes tell instead");
      return Optional.empty();
    }
  }

  private void decide(ModelTensors tensors, Optional<DecoderSpec> family, Checkpoint source) {
    QuantizationPlan plan = forLayers(tensors, source);
    boolean tied =
        family.map(f -> f.head().tied()).orElseGet(() -> HeadTie.of(source) == HeadTie.SHARED);
    for (StoredLinear l : tensors.linears()) {
      requireShape(l, source);
      LayerShape layer = new LayerShape(l.module(), l.out(), l.in(), l.routes());
      boolean head = l.module().equals(tensors.head());
      Decision decision = head ? plan.decideHead(layer, tied) : plan.decide(layer);
      if (decision.quantized()) {
        schemes.put(layer.name(), decision.scheme());
      } else if (!head || plan.asksForHead(layer.name())) {
        skipped.put(layer.name(), decision.reason());
      }
    }
    try {
      UnitPlan.requirePossible(request.quantizer(), schemes.values());
      requireAlone();
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
    String head = tensors.head();
    if (plan.asksForHead(head) && !schemes.containsKey(head)) {
      listener.warning(
          head
              + " stays float: "
              + skipped.getOrDefault(head, "it shares its matrix with the embedding"));
    }
    if (schemes.isEmpty()) {
      throw new InputException(
          source.description()
              + ": no tensor in it can be quantized; linear maps are two-dimensional, called"
              + " NAME.NUMBER.NAME.weight, and multiples of 32 both ways");
    }
  }

  /** The plan with its rules held against the names that there are. */
  private QuantizationPlan forLayers(ModelTensors tensors, Checkpoint source) {
    List<String> names = new ArrayList<>();
    tensors.linears().forEach(l -> names.add(l.module()));
    List<String> withHead = new ArrayList<>(names);
    withHead.add(tensors.head());
    IgnoredLayers.check(request.plan().idleParts(withHead), source, withHead, listener);
    try {
      return request.plan().forLayers(names);
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
  }

  private static void requireShape(StoredLinear l, Checkpoint source) {
    StoredTensor stored = source.tensor(l.tensor());
    long rows = l.transposed() ? l.in() : l.outputs();
    long columns = l.transposed() ? l.outputs() : l.in();
    Shape found = stored.shape();
    boolean fits =
        found.rank() == (l.stacked() ? 3 : 2)
            && found.dim(-2) == rows
            && found.dim(-1) == columns
            && (!l.stacked() || found.dim(0) > l.index());
    if (!fits) {
      throw source.fault(
          l.tensor(),
          "matrices of shape " + Shape.of(rows, columns),
          "shape " + found,
          "the tensors and config.json are of different models");
    }
    if (!stored.dtype().isFloat()) {
      throw source.fault(
          l.tensor(),
          "a weight of a float type",
          stored.storage(),
          "the model is packed in a way that is not declared, or damaged");
    }
  }

  /** Tensors of towers beside the language model. */
  private static Set<String> others(
      Optional<DecoderSpec> family, ModelTensors tensors, Checkpoint source) {
    Set<String> others = new LinkedHashSet<>();
    for (String name : source.names()) {
      String full = tensors.whole(name);
      boolean outside = family.isPresent() && isOutside(full, family.get());
      if (outside || LinearNames.isOtherPart(full)) {
        others.add(name);
      }
    }
    return others;
  }

  private static boolean isOutside(String name, DecoderSpec spec) {
    return !name.startsWith(spec.prefix()) && !name.startsWith(spec.head().output().name() + ".");
  }

  /** What is to be known of other matrices or of data cannot be had from one matrix alone. */
  private void requireAlone() {
    for (QuantScheme scheme : schemes.values()) {
      if (scheme.needsInputRange()) {
        throw new IllegalArgumentException(
            "without a model nothing is known of what inputs reach (" + scheme + ")");
      }
      if (scheme instanceof FloatGrid grid && grid.hasGlobal()) {
        throw new IllegalArgumentException(
            "without a model it is not known which matrices share a scale (" + scheme + ")");
      }
    }
  }

  private void pass(Checkpoint source, ModelTensors tensors, Exports exports, Set<String> others) {
    double total = FloatSource.bytes(source);
    double done = 0;
    try (Stage stage = listener.begin(request.method(), total)) {
      for (List<String> shard : source.shards()) {
        for (String name : shard) {
          quantize(source, tensors, name, exports);
          exports.others(name, others.contains(name));
          done += source.tensor(name).byteSize();
          stage.at(done, name);
        }
        exports.endShard();
      }
    }
  }

  private void quantize(Checkpoint source, ModelTensors tensors, String name, Exports exports) {
    for (StoredLinear l : tensors.in(name)) {
      QuantScheme scheme = schemes.get(l.module());
      if (scheme != null && scheme.hasCodes()) {
        Tensor matrix = l.read(source.tensor(name));
        Finite.requireWeight(l.module(), matrix, Backends.chosen());
        exports.quantized(
            l.module(), method.begin(new LinearLayer(l.module(), matrix, scheme)).finish());
      }
    }
  }
}
