package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.BlockSpec;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.calibration.Shuffle;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.method.UnitTask;
import dev.ashlar.tuning.plan.LayerShape;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.plan.QuantizationPlan.Decision;
import dev.ashlar.tuning.work.Job;
import dev.ashlar.tuning.work.WeightChecksum;
import dev.ashlar.tuning.work.WorkFolder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The main flow (algorithm specification 4.4): unit after unit is loaded, quantized against what
 * the float model does, handed on, and released; two streams of activations move along.
 *
 * <p>Which layers are quantized how is settled before anything is computed; see {@link #schemes()}
 * and {@link #skipped()}.
 */
public final class BlockwiseQuantization {
  /** Part of every job's identity: work of another version is not continued. */
  private static final String FORMAT_VERSION = "2";

  private final Decoder model;
  private final QuantizationPlan plan;
  private final CalibrationSet data;
  private final BlockQuantizer quantizer;
  private final RunOptions options;
  private final Map<String, QuantScheme> schemes = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final boolean headPlanned;

  /**
   * @param data may be {@link CalibrationSet#none()} if the method needs no inputs
   * @throws IllegalArgumentException if a layer rule matches nothing, or data are needed and
   *     missing
   */
  public BlockwiseQuantization(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      BlockQuantizer quantizer,
      RunOptions options) {
    this.model = model;
    this.plan = plan;
    this.data = data;
    this.quantizer = quantizer;
    this.options = options;
    requireData();
    this.headPlanned = decide();
  }

  private void requireData() {
    if (!quantizer.needsInputs()) {
      return;
    }
    if (data.count() == 0) {
      throw new IllegalArgumentException(
          "method '" + quantizer.describe() + "' needs calibration data");
    }
    int vocab = model.spec().vocab();
    for (int id : data.ids(0, data.count())) {
      if (id < 0 || id >= vocab) {
        throw new IllegalArgumentException(
            "calibration token " + id + " is not in the model's vocabulary of " + vocab);
      }
    }
  }

  private boolean decide() {
    List<String> names = new ArrayList<>();
    for (BlockSpec block : model.spec().blocks()) {
      Set<String> routers = block.routers();
      for (LinearSpec l : block.linears()) {
        boolean routes = routers.contains(l.name());
        LayerShape layer = new LayerShape(block.name() + "." + l.name(), l.out(), l.in(), routes);
        names.add(layer.name());
        note(layer, plan.decide(layer));
      }
    }
    LinearSpec output = model.spec().head().output();
    LayerShape head = new LayerShape(output.name(), model.spec().vocab(), output.in());
    names.add(head.name());
    plan.requireRulesMatch(names);
    Decision decision = plan.decideHead(head, model.tiedHead());
    if (plan.asksForHead(head.name())) {
      note(head, decision);
    }
    return decision.quantized();
  }

  private void note(LayerShape layer, Decision decision) {
    if (decision.quantized()) {
      schemes.put(layer.name(), decision.scheme());
    } else {
      skipped.put(layer.name(), decision.reason());
    }
  }

  /** Scheme of each layer that is quantized, by complete module name, in the model's order. */
  public Map<String, QuantScheme> schemes() {
    return new LinkedHashMap<>(schemes);
  }

  /** Layers of blocks (and the head, if it was asked for) that stay float, with the reason. */
  public Map<String, String> skipped() {
    return new LinkedHashMap<>(skipped);
  }

  /**
   * What identifies this run in a work folder.
   *
   * @param facts what the caller knows of model and data: path, size, time
   */
  public Job job(Map<String, String> facts) {
    Map<String, String> all = new TreeMap<>(facts);
    all.put("version", FORMAT_VERSION);
    all.put(
        "model", model.spec().modelType() + " " + model.blockCount() + "x" + model.spec().dim());
    all.put("plan", plan.describe());
    all.put("method", quantizer.describe());
    all.put("run", options.toString());
    all.put("calibration", data.count() + "x" + data.length() + " " + data.digest());
    return new Job(all);
  }

  private int units() {
    return blockUnits() + (headPlanned ? 1 : 0);
  }

  private int blockUnits() {
    return (model.blockCount() + options.nblocks() - 1) / options.nblocks();
  }

  private Unit unit(int index) {
    if (index == blockUnits()) {
      return Unit.head(model);
    }
    int from = index * options.nblocks();
    List<Block> blocks = new ArrayList<>();
    for (int i = from; i < Math.min(model.blockCount(), from + options.nblocks()); i++) {
      blocks.add(model.loadBlock(i));
    }
    return Unit.of(blocks);
  }

  private Map<String, QuantScheme> schemes(Unit unit) {
    Map<String, QuantScheme> own = new LinkedHashMap<>();
    for (String name : unit.weights().keySet()) {
      if (schemes.containsKey(name)) {
        own.put(name, schemes.get(name));
      }
    }
    return own;
  }

  /**
   * Quantizes everything without a work folder; see {@link #run(Optional, LayerSink, RunListener)}.
   */
  public RunReport run(LayerSink sink, RunListener listener) {
    return run(Optional.empty(), sink, listener);
  }

  /**
   * Quantizes everything.
   *
   * @param work finished units are taken from here and put here
   * @param sink gets every layer, taken or made, in the model's order
   * @throws dev.ashlar.tuning.method.TuningException if weights or activations are not finite, or a
   *     scale overflows
   */
  public RunReport run(Optional<WorkFolder> work, LayerSink sink, RunListener listener) {
    long start = System.nanoTime();
    if (skipped.containsKey(model.spec().head().output().name())) {
      String head = model.spec().head().output().name();
      listener.warning(head + " stays float: " + skipped.get(head));
    }
    Pace pace = new Pace(units(), listener);
    Streams streams =
        quantizer.needsInputs()
            ? new Streams(model, data, options.batchSize(), options.quantizedInput())
            : null;
    List<UnitReport> reports = new ArrayList<>();
    for (int i = 0; i < units(); i++) {
      UnitReport report = run(i, streams, work, sink, pace);
      reports.add(report);
      listener.unitFinished(report);
    }
    return new RunReport(
        reports, schemes(), skipped(), Duration.ofNanos(System.nanoTime() - start));
  }

  private UnitReport run(
      int index, Streams streams, Optional<WorkFolder> work, LayerSink sink, Pace pace) {
    long start = System.nanoTime();
    Unit unit = unit(index);
    pace.begin(index, unit.name());
    boolean head = index == blockUnits();
    boolean last = index == units() - 1;
    long weights = work.isPresent() ? checksum(unit) : 0;
    Optional<UnitResult> found = work.flatMap(w -> w.find(index, unit.name(), weights));
    Targets targets = null;
    if (streams != null && quantizer.needsTargets() && !(last && found.isPresent())) {
      targets = head ? streams.headTargets(unit, model.spec().vocab()) : streams.targets(unit);
    }
    UnitResult result =
        found.isPresent() ? found.get() : quantize(index, unit, streams, targets, head, pace);
    if (found.isEmpty()) {
      work.ifPresent(w -> w.publish(index, unit.name(), weights, result));
    }
    result.layers().forEach(sink::quantized);
    if (streams != null && !last) {
      streams.advance(unit, result.layers());
    }
    pace.end(found.isPresent());
    return new UnitReport(
        index,
        unit.name(),
        result.layers().size(),
        result.history(),
        found.isPresent(),
        Duration.ofNanos(System.nanoTime() - start));
  }

  private UnitResult quantize(
      int index, Unit unit, Streams streams, Targets targets, boolean head, Pace pace) {
    UnitQuantized event = new UnitQuantized();
    event.begin();
    Activations inputs = streams == null ? Activations.zeros(0, 0, 0) : streams.inputs();
    UnitResult result =
        quantizer.quantize(task(index, unit, inputs, targets, head, pace::iteration));
    event.unit = index;
    event.name = unit.name();
    event.layers = result.layers().size();
    event.bestLoss = result.history().map(h -> h.bestLoss()).orElse(Double.NaN);
    event.commit();
    result
        .history()
        .filter(h -> h.diverged())
        .ifPresent(
            h ->
                pace.warning(
                    unit.name()
                        + ": the tuning diverged at iteration "
                        + (h.losses().size() - 1)
                        + "; iteration "
                        + h.bestIteration()
                        + " was kept. A smaller lr may help"));
    return result;
  }

  /** The head is tuned sample by sample: its outputs are as wide as the vocabulary (4.10). */
  private UnitTask task(
      int index,
      Unit unit,
      Activations inputs,
      Targets targets,
      boolean head,
      UnitTask.IterationListener listener) {
    int step = Math.multiplyExact(options.batchSize(), options.accumulate());
    return new UnitTask(
        index,
        unit,
        schemes(unit),
        inputs,
        targets,
        data.counted(),
        head ? 1 : options.batchSize(),
        head ? step : options.accumulate(),
        Shuffle.seed(options.seed(), index),
        listener);
  }

  private static long checksum(Unit unit) {
    WeightChecksum sum = new WeightChecksum();
    unit.weights()
        .values()
        .forEach(
            w -> {
              if (w instanceof DenseWeight d) {
                sum.add(d.matrix());
              }
            });
    return sum.value();
  }

  /**
   * How long {@link #run} will take on this machine: a few iterations of the first unit are timed
   * and multiplied. The cost of a unit is taken to be the same for all.
   */
  public Duration estimate() {
    if (model.blockCount() == 0) {
      return Duration.ZERO;
    }
    Unit unit = unit(0);
    if (!quantizer.needsInputs()) {
      UnitTask task = task(0, unit, Activations.zeros(0, 0, 0), null, false, (i, n, loss) -> {});
      return quantizer.estimate(task, 0).multipliedBy(blockUnits());
    }
    int step = Math.multiplyExact(options.batchSize(), options.accumulate());
    CalibrationSet sample = data.first(step);
    int batches = (data.count() + options.batchSize() - 1) / options.batchSize();
    Streams streams = new Streams(model, sample, options.batchSize(), true);
    Activations targets = streams.targets(unit);
    Duration pass = forward(unit, streams.inputs());
    UnitTask task = task(0, unit, streams.inputs(), targets, false, (i, n, loss) -> {});
    Duration tuning = quantizer.estimate(task, (data.count() + step - 1) / step);
    int passes = (quantizer.needsTargets() ? 1 : 0) + (options.quantizedInput() ? 1 : 0);
    return tuning.plus(pass.multipliedBy((long) passes * batches)).multipliedBy(blockUnits());
  }

  /** Time of one batch through {@code unit}, the second time. */
  private Duration forward(Unit unit, Activations inputs) {
    int count = Math.min(options.batchSize(), inputs.count());
    Tape tape = Tape.off();
    Tensor x = Tensor.zeros(count, inputs.length(), inputs.dim());
    inputs.read(0, count, x);
    long start = 0;
    for (int i = 0; i < 2; i++) {
      start = System.nanoTime();
      unit.forward(x, BlockContext.of(count, inputs.length()), tape);
      tape.reset();
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
