package dev.ashlar.cli.quantize;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Progress;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.doctor.Memory;
import dev.ashlar.cli.model.Model;
import dev.ashlar.cli.model.OutputFolder;
import dev.ashlar.cli.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.formats.export.ExportPlan;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.WeightSource;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.work.WorkFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One run of {@code quantize}: reads and checks all inputs, tunes block by block into a work
 * folder, writes the formats asked for, reads them again, measures, reports.
 *
 * <p>A run that is killed leaves no folder that is a model, and its finished blocks in the work
 * folder; the same command then goes on where it was and writes the same bytes.
 */
public final class QuantizeJob {
  private static final double WORTH_ANNOUNCING_SECONDS = 10;
  private static final int CHECKED_SAMPLES = 2;
  private static final int CHECKED_TOKENS = 64;

  private final QuantizeRequest request;
  private final Console console;
  private final long start = System.nanoTime();
  private double estimateSeconds = Double.NaN;

  /** A run that tells {@code console} how it goes. */
  public QuantizeJob(QuantizeRequest request, Console console) {
    this.request = request;
    this.console = console;
  }

  /** Does everything. */
  public Report run() {
    // In this order, faults show before anything expensive begins.
    List<Calibration.Source> texts =
        request.quantizer().needsInputs() ? Texts.calibration(request.calibration()) : List.of();
    Optional<String> evaluationText = request.evaluation().map(Texts::evaluation);
    Path folder = request.output().folder();
    WorkPlace work = new WorkPlace(folder, request.output().work());
    boolean overwrite = request.output().overwrite() || work.interrupted();
    try (OutputFolder output = OutputFolder.claim(folder, overwrite);
        Model model = Model.open(request.model())) {
      return run(model, output, overwrite, work, texts, evaluationText);
    }
  }

  private Report run(
      Model model,
      OutputFolder output,
      boolean overwrite,
      WorkPlace work,
      List<Calibration.Source> texts,
      Optional<String> evaluationText) {
    Checkpoint source = model.checkpoint();
    requireFloat(source);
    RecordingSource read = new RecordingSource(source);
    Decoder decoder = load(read);
    ModelTensors tensors = ModelTensors.of(decoder.spec(), source);
    Optional<Perplexities> measure = evaluationText.map(text -> measure(model, text));
    CalibrationSet data = calibration(model, texts);
    BlockwiseQuantization quantization = quantization(decoder, data);
    ExportPlan plan =
        tensors.plan(request.plan().defaultScheme(), quantization.schemes(), request.settings());
    Exports.requirePossible(request.output().formats(), source, plan);
    announce(quantization);

    QuantizeOutcome outcome = new QuantizeOutcome(request, source);
    measure.ifPresent(m -> outcome.floatPerplexity(m.ofFloat(source)));
    measure.ifPresent(m -> outcome.roundedPerplexity(m.ofRounding(source, quantization.schemes())));
    ExportOptions options = ExportOptions.defaults().overwriting(overwrite);
    try (WorkFolder blocks =
            work.open(quantization.job(facts(source)), request.output().restart());
        Exports exports =
            new Exports(output.path(), request.output().formats(), source, plan, options)) {
      TunedReference reference = reference(decoder, data);
      outcome.tuned(tune(quantization, blocks, exports, reference));
      Set<String> unused = unused(read, decoder);
      outcome.kept(KeptTensors.byPart(unused, decoder.spec().prefix()));
      exports.finish(tensors, unused);
      outcome.written(exports.verify(Optional.of(reference), tensors.named(unused, source)));
    }
    measure.ifPresent(m -> outcome.tunedPerplexity(m.ofFolder("quantized", outcome.firstFolder())));
    work.remove();
    return outcome.report(
        (System.nanoTime() - start) / 1e9, estimateSeconds, Memory.peak(), measure);
  }

  private static Decoder load(WeightSource source) {
    boolean known =
        !(source.config().get("model_type") instanceof String type)
            || Architectures.find(type).isPresent();
    try {
      return Architectures.load(source);
    } catch (InputException e) {
      if (known) {
        throw e;
      }
      throw new InputException(
          e.getMessage() + "; --method rtn --model-free quantizes it without knowing the family",
          e);
    }
  }

  /** Tensors that the model, all of whose blocks were read by now, does not use. */
  private static Set<String> unused(RecordingSource read, Decoder decoder) {
    Set<String> unused = read.unused();
    if (decoder.tiedHead()) {
      String head = decoder.spec().head().output().name() + ".";
      unused.removeIf(name -> name.startsWith(head));
    }
    return unused;
  }

  static void requireFloat(Checkpoint source) {
    if (!source.quantizedNames().isEmpty()) {
      throw new InputException(
          source.description()
              + ": is quantized already ("
              + source.quantizedNames().size()
              + " layers); quantize the float model it was made from");
    }
  }

  private Perplexities measure(Model model, String text) {
    QuantizeRequest.Evaluation e = request.evaluation().orElseThrow();
    int length = Math.min(e.length(), longest(model));
    return new Perplexities(console, model.tokenizer().encode(text, false), length, e.limit());
  }

  private CalibrationSet calibration(Model model, List<Calibration.Source> texts) {
    if (texts.isEmpty()) {
      return CalibrationSet.none();
    }
    CalibrationRequest wanted = request.calibration();
    int length = Math.min(wanted.length(), longest(model));
    if (length < wanted.length()) {
      console.note("ashlar: the model takes at most " + length + " tokens; --seqlen is " + length);
    }
    Calibration made =
        Calibration.of(
            texts,
            (text, special) -> model.tokenizer().encode(text, special),
            wanted.samples(),
            length,
            request.run().seed(),
            padding(model.checkpoint()));
    made.warnings().forEach(w -> console.note("ashlar: warning: " + w));
    return made.set();
  }

  /** The most tokens the model was made for; anything if its configuration does not say. */
  private static int longest(Model model) {
    int longest = Integer.MAX_VALUE;
    for (String key : List.of("max_position_embeddings", "n_positions", "n_ctx")) {
      int positions = number(model.checkpoint(), key).orElse(0);
      longest = positions > 1 ? Math.min(longest, positions) : longest;
    }
    return longest;
  }

  private static OptionalInt padding(Checkpoint source) {
    return number(source, "pad_token_id");
  }

  /** A number of the configuration, or of its section on the language part. */
  private static OptionalInt number(Checkpoint source, String key) {
    Object value = source.config().get(key);
    if (value == null && source.config().get("text_config") instanceof Map<?, ?> text) {
      value = text.get(key);
    }
    return value instanceof Number n ? OptionalInt.of(n.intValue()) : OptionalInt.empty();
  }

  private BlockwiseQuantization quantization(Decoder decoder, CalibrationSet data) {
    RunOptions run = request.run();
    if (data.count() > 0) {
      // A batch cannot be larger than the data it is drawn from.
      int batch = Math.min(run.batchSize(), data.count());
      int steps = Math.clamp(data.count() / batch, 1, run.accumulate());
      run = new RunOptions(batch, steps, run.nblocks(), run.quantizedInput(), run.seed());
    }
    try {
      return new BlockwiseQuantization(decoder, request.plan(), data, request.quantizer(), run);
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
  }

  private static Map<String, String> facts(Checkpoint source) {
    long bytes = source.names().stream().mapToLong(n -> source.tensor(n).byteSize()).sum();
    return Map.of(
        "source", source.path().toAbsolutePath().normalize().toString(),
        "sourceBytes", Long.toString(bytes));
  }

  private void announce(BlockwiseQuantization quantization) {
    if (!request.quantizer().needsInputs()) {
      return;
    }
    Duration estimate = quantization.estimate();
    estimateSeconds = estimate.toMillis() / 1e3;
    if (estimateSeconds >= WORTH_ANNOUNCING_SECONDS) {
      console.note(
          "ashlar: tuning "
              + quantization.schemes().size()
              + " layers with "
              + request.method()
              + " will take about "
              + Figures.seconds(estimateSeconds)
              + " on this machine; if it is interrupted, the same command goes on where it was");
    }
  }

  private TunedReference reference(Decoder decoder, CalibrationSet data) {
    int batch = data.count() == 0 ? CHECKED_SAMPLES : Math.min(CHECKED_SAMPLES, data.count());
    int length = data.count() == 0 ? CHECKED_TOKENS : Math.min(CHECKED_TOKENS, data.length());
    int[] ids = new int[batch * length];
    for (int i = 0; i < ids.length; i++) {
      // Without data any tokens do: a stride that shares no factor with usual vocabularies.
      ids[i] =
          data.count() == 0
              ? (int) (7919L * i % decoder.spec().vocab())
              : data.sample(i / length)[i % length];
    }
    return new TunedReference(decoder, ids, batch);
  }

  private RunReport tune(
      BlockwiseQuantization quantization,
      WorkFolder blocks,
      Exports exports,
      TunedReference reference) {
    try (Progress progress = new Progress(console, request.method(), 1)) {
      return quantization.run(
          Optional.of(blocks),
          (module, tensor) -> {
            exports.quantized(module, tensor);
            reference.quantized(module, tensor);
          },
          new Listener(progress));
    }
  }

  /** Draws the progress line and passes warnings on. */
  private final class Listener implements RunListener {
    private final Progress line;

    Listener(Progress line) {
      this.line = line;
    }

    @Override
    public void progress(dev.ashlar.tuning.Progress p) {
      double left = p.remaining().map(d -> d.toMillis() / 1e3).orElse(Double.NaN);
      String loss = Double.isNaN(p.loss()) ? "" : String.format(", loss %.3g", p.loss());
      line.at(p.fraction(), left, "block " + (p.unit() + 1) + " of " + p.units() + loss);
    }

    @Override
    public void unitFinished(UnitReport report) {
      if (report.resumed() && report.index() == 0) {
        console.note("ashlar: going on with the work of an earlier run");
      }
    }

    @Override
    public void warning(String sentence) {
      console.note("ashlar: warning: " + sentence);
    }
  }
}
