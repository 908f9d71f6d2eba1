package dev.ashlar.tuning;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Activations;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.FinishResult;
import dev.ashlar.tuning.method.FloatStream;
import dev.ashlar.tuning.method.Targets;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.method.UnitResult;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.walk.BlockWalk;
import dev.ashlar.tuning.work.Job;
import dev.ashlar.tuning.work.UnitStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The main flow: unit after unit is loaded, quantized against what the float model does, handed on,
 * and released; two streams of activations move along ({@link Cascade}).
 *
 * <p>Which layers are quantized how is settled before anything is computed ({@link UnitPlan}).
 */
public final class BlockwiseQuantization {
  /** What reports call the work on the whole model. */
  private static final String FINISH = "all units together";

  private final Decoder model;
  private final QuantizationPlan plan;
  private final CalibrationSet data;
  private final BlockQuantizer quantizer;
  private final RunOptions options;
  private final MemoryLimit limit;
  private final UnitPlan units;
  private final UnitRunner runner;
  private final boolean needsData;

  /** Of a run whose numbers followed from a time. */
  private final Optional<Timing> timing;

  private Estimate.Found estimated = Estimate.Found.NOTHING;

  /**
   * @param data may be {@link CalibrationSet#none()} if the method needs no inputs
   * @throws IllegalArgumentException if a layer rule matches nothing, the method refuses a scheme,
   *     or data are needed and missing
   */
  public BlockwiseQuantization(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      BlockQuantizer quantizer,
      RunOptions options) {
    this(model, plan, data, quantizer, options, MemoryLimit.none());
  }

  /** The same with a limit of memory, which changes nothing of the result. */
  public BlockwiseQuantization(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      BlockQuantizer quantizer,
      RunOptions options,
      MemoryLimit limit) {
    this(model, plan, data, quantizer, options, limit, Optional.empty());
  }

  private BlockwiseQuantization(
      Decoder model,
      QuantizationPlan plan,
      CalibrationSet data,
      BlockQuantizer quantizer,
      RunOptions options,
      MemoryLimit limit,
      Optional<Timing> timing) {
    this.model = model;
    this.plan = plan;
    this.data = data;
    this.quantizer = quantizer;
    this.options = options;
    this.limit = limit;
    this.timing = timing;
    this.units = new UnitPlan(model.spec(), model.tiedHead(), plan, options.nblocks());
    this.needsData = quantizer.needsInputs() || InputRanges.needed(units.schemes().values());
    requireData();
    this.runner = new UnitRunner(quantizer, options);
    units.requirePossible(quantizer);
  }

  private void requireData() {
    if (needsData && data.count() == 0) {
      String who = quantizer.needsInputs() ? "method '" + quantizer.title() + "'" : plan.describe();
      throw new IllegalArgumentException(who + " needs calibration data");
    }
    data.requireWithin(model.spec().vocab());
  }

  /** What is going to be done. */
  public UnitPlan units() {
    return units;
  }

  /** How many reports a run gives: one for each unit, and one for the work on all of them. */
  public int stages() {
    return units.units().size() + (quantizer.finish().isPresent() ? 1 : 0);
  }

  /** Scheme of each layer that is quantized, by complete module name, in the model's order. */
  public Map<String, QuantScheme> schemes() {
    return units.schemes();
  }

  /** Layers of blocks (and the head, if it was asked for) that stay float, with the reason. */
  public Map<String, String> skipped() {
    return units.skipped();
  }

  /** What the run is thought to take, and how it keeps to its limit. */
  public MemoryPlan memory() {
    return MemoryPlan.of(
        model.spec(),
        model.tiedHead(),
        units.largest(),
        units.units().stream().mapToLong(u -> u.size().weights()).sum(),
        quantizer,
        needsData || data.count() > 0,
        options,
        data.count(),
        data.length(),
        limit);
  }

  /** What identifies this run in a work folder, beside facts that the caller knows of. */
  public Job job(Map<String, String> facts) {
    return RunIdentity.of(model, plan, data, quantizer, options, facts);
  }

  /**
   * The same run with numbers in place of the time that its method was given ({@link
   * BlockQuantizer#budget}): this machine is measured, or what was chosen before is taken from the
   * store. The job stays that of this one. A run of a method without a time is itself.
   *
   * @param work of this run's {@link #job}
   */
  public BlockwiseQuantization settled(Optional<? extends UnitStore> work) {
    if (quantizer.budget().isEmpty() || model.blockCount() == 0) {
      return this;
    }
    Budget budget = quantizer.budget().get();
    Timing chosen =
        Timing.of(
            budget,
            () -> estimator().speed(budget),
            units.units().size(),
            data.count(),
            work,
            () -> Patience.rest("to choose the run's numbers"));
    CalibrationSet samples = data.first(chosen.numbers().samples());
    return new BlockwiseQuantization(
        model,
        plan,
        samples,
        budget.quantizer(chosen.numbers()),
        options.withBatchSize(Math.min(options.batchSize(), samples.count())),
        limit,
        Optional.of(chosen));
  }

  /** Quantizes everything without a store; see {@link #run(Optional, LayerSink, RunListener)}. */
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
   * @throws CancellationException if the listener asked for it, or the thread was interrupted; what
   *     was finished is in the store
   */
  public RunReport run(Optional<? extends UnitStore> work, LayerSink sink, RunListener listener) {
    if (timing.isEmpty() && quantizer.budget().isPresent() && model.blockCount() > 0) {
      return settled(work).run(work, sink, listener);
    }
    long start = System.nanoTime();
    timing.ifPresent(Timing::begin);
    timing.flatMap(Timing::warning).ifPresent(listener::warning);
    if (quantizer.finish().isEmpty()) {
      // Units are handed on as they are made.
      timing.map(Timing::numbers).ifPresent(listener::settled);
    }
    MemoryPlan memory = memory();
    String head = model.spec().head().output().name();
    if (skipped().containsKey(head)) {
      listener.warning(head + " stays float: " + skipped().get(head));
    }
    Finishing finishing =
        quantizer.finish().map(f -> new Finishing(f, model, units, memory.spare())).orElse(null);
    Pace pace = new Pace(units, stages(), estimated, timing, listener);
    List<UnitReport> reports = new ArrayList<>();
    CalibrationSet streamed = data.first(quantizer.streamed(data.count()));
    boolean weighs = sink.weighs() && data.count() > 0;
    try (Cascade cascade = needsData || weighs ? cascade(memory, streamed, pace) : null) {
      for (UnitPlan.Entry entry : units.units()) {
        UnitReport report = run(entry, cascade, work, sink, finishing, pace);
        reports.add(report);
        pace.finished(report);
        timing.filter(t -> !report.resumed()).ifPresent(Timing::note);
      }
    } finally {
      quantizer.release();
    }
    if (finishing != null) {
      UnitReport report = finish(finishing, streamed.count(), work, sink, pace, listener);
      reports.add(report);
      pace.finished(report);
    }
    return new RunReport(
        reports,
        schemes(),
        skipped(),
        Duration.ofNanos(System.nanoTime() - start),
        timing.map(t -> new RunReport.Timed(t.asked(), t.spent(), t.numbers())));
  }

  private UnitReport finish(
      Finishing finishing,
      int streamed,
      Optional<? extends UnitStore> work,
      LayerSink sink,
      Pace pace,
      RunListener listener) {
    long start = System.nanoTime();
    int index = units.units().size();
    pace.begin(index, FINISH);
    FinishResult result =
        finishing.run(
            work, data, streamed, options, timing, pace, () -> pace.waitForOthers(FINISH));
    timing.map(Timing::numbers).ifPresent(listener::settled);
    for (int i = 0; i < result.parts().size(); i++) {
      sink.take(result.parts().get(i));
      sink.finished(i, Optional.empty());
    }
    sink.take(result.rest());
    return new UnitReport(
        index,
        FINISH,
        0,
        Optional.empty(),
        result.rest().figures(),
        false,
        Duration.ofNanos(System.nanoTime() - start));
  }

  private Cascade cascade(MemoryPlan memory, CalibrationSet samples, Pace pace) {
    return new Cascade(
        new BlockWalk(memory.passBatch(), pace::proceed),
        memory.store(options.streamType(), limit),
        model,
        samples,
        options.quantizedInput() && !InputRanges.areFloats(quantizer),
        quantizer.needsFloats());
  }

  private UnitReport run(
      UnitPlan.Entry planned,
      Cascade cascade,
      Optional<? extends UnitStore> work,
      LayerSink sink,
      Finishing finishing,
      Pace pace) {
    long start = System.nanoTime();
    pace.begin(planned.index(), planned.name());
    // Behind the last unit with anything to be done nothing flows, and no method is asked.
    boolean beyond = planned.index() >= units.reach();
    if (beyond && finishing == null) {
      // Only a finish asks what weights there are.
      sink.finished(planned.index(), Optional.empty());
      return UnitReport.of(planned, UnitResult.of(Map.of()), false, start);
    }
    Unit unit = planned.load(model);
    UnitPlan.Entry entry = InputRanges.settle(planned, unit, cascade);
    boolean last = entry.index() >= units.reach() - 1;
    if (cascade != null && sink.weighs() && !beyond) {
      // First: a method may move the streams on.
      InputWeights.tell(unit, entry, quantizer, cascade, sink);
    }
    long weights = work.isPresent() ? UnitRunner.checksum(unit) : 0;
    Optional<UnitResult> found =
        beyond
            ? Optional.of(UnitResult.of(Map.of()))
            : work.flatMap(w -> w.find(entry.index(), entry.name(), weights))
                .map(r -> r.withInputs(entry.schemes()));
    Targets targets = null;
    if (cascade != null && quantizer.needsTargets() && !(last && found.isPresent())) {
      targets =
          entry.head() ? cascade.headTargets(unit, model.spec().vocab()) : cascade.targets(unit);
    }
    UnitResult result =
        found.isPresent() ? found.get() : make(entry, unit, cascade, targets, work, weights, pace);
    if (finishing == null) {
      sink.take(result);
      sink.finished(entry.index(), Optional.of(unit));
    } else {
      finishing.add(result, weights);
    }
    if (cascade != null && !last) {
      cascade.advance(unit, result);
    }
    return UnitReport.of(entry, result, found.isPresent() && !beyond, start);
  }

  /** Makes a unit, or waits until whoever has its lease has made it. */
  private UnitResult make(
      UnitPlan.Entry entry,
      Unit unit,
      Cascade cascade,
      Targets targets,
      Optional<? extends UnitStore> work,
      long weights,
      Pace pace) {
    if (work.isEmpty()) {
      return quantize(entry, unit, cascade, targets, pace);
    }
    UnitStore store = work.get();
    return SharedWork.of(
        store,
        entry.index(),
        () ->
            store
                .find(entry.index(), entry.name(), weights)
                .map(r -> r.withInputs(entry.schemes())),
        lease -> {
          UnitResult result = quantize(entry, unit, cascade, targets, pace);
          lease.publish(entry.name(), weights, result);
          return result;
        },
        () -> pace.waitForOthers(entry.name()));
  }

  private UnitResult quantize(
      UnitPlan.Entry entry, Unit unit, Cascade cascade, Targets targets, Pace pace) {
    if (cascade != null && limit.bytes().isPresent()) {
      cascade.rest();
    }
    Activations inputs = cascade == null ? Activations.zeros(0, 0, 0) : cascade.inputs();
    FloatStream floats = cascade == null ? null : floats(entry, cascade);
    UnitResult result = runner.run(entry, unit, inputs, targets, floats, data.counted(), pace);
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

  private FloatStream floats(UnitPlan.Entry entry, Cascade cascade) {
    // The head's outputs flow nowhere, and have no room where its inputs are.
    boolean moves = quantizer.floatInputs() && !entry.head() && entry.hasCodes();
    return quantizer.needsFloats() ? cascade.floats() : moves ? cascade.movingFloats() : null;
  }

  /** What a user should know before anything is run, if the memory allowed will not do. */
  public Optional<String> memoryWarning() {
    return memory().warning();
  }

  /**
   * How long {@link #run} will take here: few units are measured, the others take as long as their
   * likes.
   *
   * @param work whose units need not be made again
   */
  public Duration estimate(Optional<? extends UnitStore> work) {
    estimated =
        model.blockCount() == 0 ? Estimate.Found.NOTHING : estimator().run(units.left(work));
    return estimated.whole();
  }

  private Estimate estimator() {
    return new Estimate(model, units, runner, quantizer, options, data, memory());
  }
}
