package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.UnitPlan;
import dev.ashlar.tuning.autoscheme.AutoScheme;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.Budget;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.RunFacts;
import dev.ashlar.tuning.method.Unit;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One run of {@code quantize}: reads and checks all inputs, tunes block by block into a work
 * folder, writes the formats asked for, reads them again, measures.
 *
 * <p>A run that is killed leaves no folder that is a model, and its finished blocks in the work
 * folder; the same command then goes on where it was and writes the same bytes.
 */
public final class QuantizeJob {
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private final QuantizeRequest request;
  private final JobListener listener;
  private final JobData data;
  private final long start;

  /** A run that tells {@code listener} how it goes. */
  public QuantizeJob(QuantizeRequest request, JobListener listener) {
    this(request, listener, System.nanoTime());
  }

  private QuantizeJob(QuantizeRequest request, JobListener listener, long start) {
    this.request = request;
    this.listener = listener;
    this.data = new JobData(request, listener);
    this.start = start;
  }

  /**
   * Does everything.
   *
   * @throws InputException if something that was given cannot be used
   * @throws dev.ashlar.engine.job.RunException if weights or activations are not finite, or data or
   *     work folder do not fit
   */
  public QuantizeResult run() {
    return Faults.translated(this::execute);
  }

  private QuantizeResult execute() {
    // In this order, faults show before anything expensive begins.
    List<Calibration.Source> texts =
        request.needsData() || request.automatic().isPresent() ? data.texts() : List.of();
    Measures measures = Measures.read(request, listener);
    Path folder = request.output().folder();
    WorkPlace work = new WorkPlace(folder, request.output().work(), request.output().restart());
    boolean overwrite = request.output().overwrite() || work.publishing();
    try (measures;
        Model model = Model.open(request.model(), listener);
        OutputFolder output = OutputFolder.claim(folder, overwrite, model.checkpoint());
        work) {
      work.requirePossible(model.checkpoint());
      return run(new Opened(model, output, overwrite, work, texts, measures));
    }
  }

  /**
   * What a run works with.
   *
   * @param overwrite whether files in the output folder may be replaced
   * @param texts for the choice of bits, and for methods that need inputs
   */
  private record Opened(
      Model model,
      OutputFolder output,
      boolean overwrite,
      WorkPlace work,
      List<Calibration.Source> texts,
      Measures measures) {}

  private QuantizeResult run(Opened opened) {
    if (request.automatic().isPresent()) {
      return new QuantizeJob(request.settled(bits(opened)), listener, start).run(opened);
    }
    if (request.schemesOf().isPresent()) {
      QuantizationPlan typed = FormatSchemes.settled(request, opened.model().checkpoint());
      return new QuantizeJob(request.settled(typed), listener, start).run(opened);
    }
    Tuned tuned = tuned(opened);
    // Nothing holds the float model any more: its embedding need not lie beside those of the
    // written models that are read from here on.
    List<Written> written;
    try (Stage stage = listener.begin("writing and reading again", 1)) {
      written = tuned.write(stage);
    }
    Path first = written.getFirst().folder();
    Checkpoint source = opened.model().checkpoint();
    List<QuantizeResult.Measured> measured = opened.measures().after(first, source);
    opened.work().finished();
    return new QuantizeResult(
        request,
        tuned.report(),
        written,
        tuned.kept(),
        FloatSource.codes(source),
        FloatSource.bytes(source),
        Duration.ofNanos(System.nanoTime() - start),
        tuned.estimate(),
        measured);
  }

  private Tuned tuned(Opened opened) {
    Model model = opened.model();
    Path folder = opened.output().path();
    Checkpoint source = model.checkpoint();
    requireFloat(source);
    Decoder decoder = FloatSource.load(source);
    ModelTensors tensors = ModelTensors.of(decoder.spec(), source);
    opened.measures().tokenize(model, this.data);
    // Texts that only bits were chosen by are not for the method.
    boolean needed = request.needsData();
    CalibrationSet data = this.data.samples(model, needed ? opened.texts() : List.of());
    RunOptions run = fitting(data, decoder);
    BlockwiseQuantization quantization = quantization(decoder, data, run);
    IgnoredLayers.check(
        quantization.units().idle(), source, quantization.schemes().keySet(), listener);
    FileLayers.check(request.quantizer(), quantization.schemes().values(), listener);
    ExportPlan plan = plan(tensors, quantization, request.choice(), facts(data, run));
    boolean outliers = request.quantizer().keepsOutliers();
    Exports.requirePossible(folder, request.output().formats(), source, plan, outliers);
    // Before anything is measured, so that a conflict with an earlier run shows at once.
    WorkFolder blocks = opened.work().open(quantization.job(FloatSource.facts(source)));
    Optional<Budget> budget = request.quantizer().budget();
    BlockwiseQuantization settled = settled(quantization, blocks);
    settled.memoryWarning().ifPresent(listener::warning);
    Optional<Duration> estimate = budget.map(Budget::time).or(() -> estimate(quantization, blocks));
    opened.measures().before(decoder, quantization.schemes());
    Set<String> unused = decoder.spec().others(source);
    ExportOptions written = request.output().options(opened.overwrite());
    BegunExports exports =
        new BegunExports(
            numbers -> {
              ExportPlan known =
                  numbers.map(n -> plan(tensors, quantization, n, data, run)).orElse(plan);
              return new Exports(
                  folder, request.output().formats(), source, tensors, known, written);
            },
            budget.isPresent(),
            request.weighs());
    boolean done = false;
    try {
      TunedReference reference = TunedReference.of(decoder, data);
      RunReport report = tune(settled, blocks, exports, reference);
      reference.settle();
      blocks.markPublishing();
      Tuned tuned =
          new Tuned(
              exports.exports(),
              unused,
              tensors.whole(unused),
              reference,
              report,
              KeptTensors.byPart(unused, decoder.spec().prefix()),
              estimate);
      done = true;
      return tuned;
    } finally {
      if (!done) {
        exports.close();
      }
    }
  }

  /** The plan with bits for each layer. */
  private QuantizationPlan bits(Opened opened) {
    Model model = opened.model();
    requireFloat(model.checkpoint());
    AutomaticBits asked = request.automatic().orElseThrow();
    Decoder decoder = FloatSource.load(model.checkpoint());
    requirePossible(opened, decoder, asked.scheme());
    int length = Math.min(BitChoice.LENGTH, model.contextLength());
    CalibrationSet samples = data.samples(model, opened.texts(), BitChoice.SAMPLES, length);
    return new BitChoice(asked, listener, request.memory().folder())
        .settle(
            decoder,
            request.plan(),
            samples,
            asked.scores().orElseGet(opened.work()::scores),
            FloatSource.facts(model.checkpoint()));
  }

  /**
   * Refuses schemes that the method or a format cannot take beside each other, before anything is
   * measured: as if layers had one after the other.
   */
  private void requirePossible(Opened opened, Decoder decoder, AutoScheme choice) {
    Checkpoint source = opened.model().checkpoint();
    Map<String, QuantScheme> turns = new LinkedHashMap<>();
    try {
      UnitPlan units = new UnitPlan(decoder.spec(), decoder.tiedHead(), request.plan(), 1);
      turns.putAll(choice.inTurn(decoder.spec(), units.schemes().keySet()));
      turns.values().removeIf(QuantScheme::isFloat);
      UnitPlan.requirePossible(request.quantizer(), turns.values());
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
    Exports.requirePossible(
        opened.output().path(),
        request.output().formats(),
        source,
        ModelTensors.of(decoder.spec(), source)
            .plan(request.plan().defaultScheme(), turns, Map.of()),
        request.quantizer().keepsOutliers());
  }

  /**
   * Refuses a model that is quantized already.
   *
   * @throws InputException if it is
   */
  public static void requireFloat(Checkpoint source) {
    if (!source.quantizedNames().isEmpty()) {
      throw new InputException(
          source.description()
              + ": is quantized already ("
              + source.quantizedNames().size()
              + " layers); quantize the float model it was made from");
    }
  }

  /** The run's options as the data allow them: a batch cannot be larger than what it is of. */
  private RunOptions fitting(CalibrationSet data, Decoder decoder) {
    RunOptions run = request.run();
    if (data.count() == 0) {
      // Nothing is drawn in batches, however large they were to be.
      return new RunOptions(
          1, 1, run.nblocks(), run.quantizedInput(), run.seed(), run.streamType());
    }
    int batch = Math.min(run.batchSize(), data.count());
    requireArrays(batch, data.length(), decoder.spec().dim());
    int steps = Math.clamp(data.count() / batch, 1, run.accumulate());
    return new RunOptions(
        batch, steps, run.nblocks(), run.quantizedInput(), run.seed(), run.streamType());
  }

  private static RunFacts facts(CalibrationSet data, RunOptions run) {
    return new RunFacts(
        data.count(),
        data.length(),
        run.batchSize(),
        run.accumulate(),
        run.nblocks(),
        run.quantizedInput());
  }

  private BlockwiseQuantization quantization(Decoder decoder, CalibrationSet data, RunOptions run) {
    try {
      return new BlockwiseQuantization(
          decoder, request.plan(), data, request.quantizer(), run, request.memory());
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
  }

  /** A batch's positions, and a sample's floats, are arrays. */
  private static void requireArrays(int batch, int length, int dim) {
    boolean sample = (long) length * dim > LARGEST_ARRAY;
    if (sample || (long) batch * length > LARGEST_ARRAY) {
      throw new InputException(
          (sample ? "samples of " + length : "batches of " + batch + " samples of " + length)
              + " tokens are more than can be computed at once; take a smaller "
              + (sample ? "--seqlen" : "--batch-size"));
    }
  }

  /** What an export records of a run beside its codes. */
  private ExportPlan plan(
      ModelTensors tensors,
      BlockwiseQuantization quantization,
      Method.Choice choice,
      RunFacts facts) {
    Map<String, Object> settings = Recorded.of(choice, Optional.of(facts));
    return tensors.plan(request.plan().defaultScheme(), quantization.schemes(), settings);
  }

  /** The same of a run whose numbers followed from a time. */
  private ExportPlan plan(
      ModelTensors tensors,
      BlockwiseQuantization quantization,
      Budget.Numbers numbers,
      CalibrationSet data,
      RunOptions run) {
    Budget budget = request.quantizer().budget().orElseThrow();
    Method.Choice choice = new Method.Choice(request.choice().method(), budget.options(numbers));
    return plan(tensors, quantization, choice, facts(data.first(numbers.samples()), run));
  }

  /** With numbers in place of a time. */
  private BlockwiseQuantization settled(BlockwiseQuantization quantization, WorkFolder blocks) {
    if (request.quantizer().budget().isEmpty()) {
      return quantization;
    }
    try (Stage stage = listener.begin("measuring how fast this machine is", 1)) {
      stage.at(0, "");
      return quantization.settled(Optional.of(blocks));
    }
  }

  private Optional<Duration> estimate(BlockwiseQuantization quantization, WorkFolder blocks) {
    Optional<WorkFolder> work = Optional.of(blocks);
    if (!request.quantizer().needsInputs()) {
      return Optional.empty();
    }
    Duration time;
    try (Stage stage = listener.begin("measuring how long the tuning will take", 1)) {
      stage.at(0, "");
      time = quantization.estimate(work);
    }
    List<UnitPlan.Entry> left = quantization.units().left(work);
    int layers = left.stream().mapToInt(u -> u.schemes().size()).sum();
    listener.estimated(layers, request.method(), time);
    return Optional.of(time);
  }

  private RunReport tune(
      BlockwiseQuantization quantization,
      WorkFolder blocks,
      BegunExports exports,
      TunedReference reference) {
    try (Stage stage = listener.begin(request.method(), 1)) {
      return quantization.run(
          Optional.of(blocks),
          new Both(exports, reference, quantization.units()),
          new TuningProgress(listener, stage, quantization.stages(), exports::settled));
    }
  }

  /** Both hear everything. */
  private record Both(LayerSink first, TunedReference second, UnitPlan units) implements LayerSink {
    @Override
    public boolean weighs() {
      return first.weighs();
    }

    @Override
    public void importance(String module, float[] squares) {
      first.importance(module, squares);
    }

    @Override
    public void quantized(String module, QuantizedMatrix tensor) {
      first.quantized(module, tensor);
      second.quantized(module, tensor);
    }

    @Override
    public void changed(String name, Tensor tensor) {
      first.changed(name, tensor);
      second.changed(name, tensor);
    }

    @Override
    public void finished(int unit, Optional<Unit> floats) {
      second.finished(units.units().get(unit), floats);
    }
  }
}
