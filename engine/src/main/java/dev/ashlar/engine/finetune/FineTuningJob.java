package dev.ashlar.engine.finetune;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.AdaptedModules;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.adapter.PeftFolder;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.lora.LoraOptions;
import dev.ashlar.tuning.lora.LoraTraining;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;

/** One run: reads the data, trains, keeps its state on the way, writes the adapter. */
public final class FineTuningJob {
  /** More samples than this no run of a machine's processors gets through. */
  private static final int MOST_SAMPLES = 1 << 18;

  /** Of samples that are kept back: one of so many, and at most. */
  private static final int KEPT_SHARE = 20;

  private static final int MOST_KEPT = 32;

  private final FineTuningRequest request;
  private final Path model;
  private final Backend backend;
  private final JobListener listener;

  /**
   * @param model the folder or file that the request's name stands for
   */
  public FineTuningJob(
      FineTuningRequest request, Path model, Backend backend, JobListener listener) {
    this.request = request;
    this.model = model;
    this.backend = backend;
    this.listener = listener;
  }

  /**
   * What came of it.
   *
   * @param before loss on held-out samples without the adapter, in nats per token
   * @param after the same with it
   * @param heldOut samples that it was measured on
   * @param samples trained on
   * @param parameters numbers that were trained
   */
  public record Result(
      double before, double after, int heldOut, int steps, int samples, long parameters) {}

  /** Samples to train on and to measure on. */
  private record Data(CalibrationSet train, CalibrationSet heldOut) {}

  /**
   * Does it.
   *
   * @throws dev.ashlar.io.AshlarException if something cannot be read, written or trained
   */
  public Result run() {
    try (Model opened = Model.open(model)) {
      Path output = request.output();
      try (OutputFolder folder = OutputFolder.claim(output, request.force(), opened.checkpoint())) {
        return Faults.translated(() -> run(opened, folder.path()));
      }
    }
  }

  private Result run(Model opened, Path output) {
    Map<String, LinearSpec> maps = targets(opened);
    Data data = data(opened);
    LoraOptions options = options(data.train().count());
    Decoder decoder = Decoder.loadFrozen(opened.spec(), opened.checkpoint(), backend);
    LoraTraining training = new LoraTraining(decoder, maps.keySet(), options);
    KeptState state =
        KeptState.of(
            output,
            training,
            training.identity() + " " + data.train().digest() + " " + data.heldOut().digest());
    double before =
        state.resume(request.force()).orElseGet(() -> measure(training, data, "before"));
    if (training.done() > 0) {
      listener.note("going on behind step " + training.done() + " of " + options.steps());
    }
    train(training, data, options, state, before);
    double after = measure(training, data, "after");
    write(opened, training, maps);
    state.remove();
    return new Result(
        before,
        after,
        data.heldOut().count(),
        training.done(),
        data.train().count(),
        training.size());
  }

  private double measure(LoraTraining training, Data data, String when) {
    try (Stage stage = listener.begin("held-out loss " + when, 1)) {
      stage.at(0, "");
      return training.loss(data.heldOut());
    }
  }

  private void train(
      LoraTraining training, Data data, LoraOptions options, KeptState state, double before) {
    int begun = training.done();
    try (Stage stage = listener.begin("training", Math.max(1, options.steps() - begun))) {
      training.run(
          data.train(),
          (done, loss) -> {
            stage.at(done - begun, String.format(Locale.ROOT, "step %d, loss %.4f", done, loss));
            boolean ending = listener.cancelled();
            state.keep(before, ending);
            if (ending) {
              throw new CancellationException("ended behind step " + done);
            }
          });
    } catch (ArithmeticException e) {
      throw new InputException(e.getMessage() + "; take a smaller learning rate (--lr)", e);
    }
  }

  /** The maps to train beside, by the names that the model knows them by. */
  private Map<String, LinearSpec> targets(Model opened) {
    Map<String, LinearSpec> all = new LinkedHashMap<>();
    String head = opened.spec().head().output().name();
    new AdaptedModules(opened.spec(), opened.checkpoint())
        .all()
        .forEach(
            (name, map) -> {
              // Loaders hold routed experts in one tensor, beside which PEFT puts nothing.
              boolean routed = map.stack().isPresent() || name.matches(".*\\bexperts\\.\\d+\\..*");
              if (!routed && !name.equals(head)) {
                all.put(name, map);
              }
            });
    if (request.targets().isEmpty()) {
      return all;
    }
    Map<String, LinearSpec> chosen = new LinkedHashMap<>();
    for (String target : request.targets()) {
      int before = chosen.size();
      all.forEach(
          (name, map) -> {
            if (name.equals(target) || name.endsWith("." + target)) {
              chosen.put(name, map);
            }
          });
      if (chosen.size() == before) {
        throw new InputException(
            "--target-modules: the model has no linear map '"
                + target
                + "' in its blocks; there are "
                + String.join(
                    ", ", all.keySet().stream().map(FineTuningJob::last).distinct().toList()));
      }
    }
    return chosen;
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private LoraOptions options(int samples) {
    int batch = request.batch();
    if (samples < batch) {
      throw new InputException(
          "the data give "
              + samples
              + " samples of "
              + request.length()
              + " tokens, fewer than a batch of "
              + batch
              + "; take a smaller --batch-size or --seqlen, or more data");
    }
    int steps = request.steps() > 0 ? request.steps() : samples / batch * request.epochs();
    return new LoraOptions(
        request.rank(), request.alpha(), steps, batch, request.learningRate(), 1, request.seed());
  }

  private Data data(Model opened) {
    int length = Math.min(request.length(), opened.contextLength());
    CalibrationSet all = samples(opened, request.dataset(), length);
    if (request.evaluation().isPresent()) {
      return new Data(all, samples(opened, request.evaluation().get(), length));
    }
    int kept = Math.clamp(all.count() / KEPT_SHARE, 1, MOST_KEPT);
    if (all.count() < 2) {
      throw new InputException(
          request.dataset()
              + ": gives one sample of "
              + length
              + " tokens, and one has to be kept back to measure on; give --eval-dataset, a smaller"
              + " --seqlen or more data");
    }
    return new Data(all.first(all.count() - kept), last(all, kept));
  }

  private static CalibrationSet last(CalibrationSet all, int count) {
    List<int[]> samples = new ArrayList<>();
    for (int i = all.count() - count; i < all.count(); i++) {
      samples.add(all.sample(i));
    }
    return CalibrationSet.of(
        samples, Arrays.copyOfRange(all.counted(), all.count() - count, all.count()));
  }

  private CalibrationSet samples(Model opened, String dataset, int length) {
    DatasetFiles files = DatasetFiles.ofMachine();
    List<Calibration.Source> sources = new ArrayList<>();
    for (DatasetSpec spec : Faults.translated(() -> DatasetFiles.specs(dataset))) {
      sources.add(new Calibration.Source(spec, files.read(spec)));
    }
    Calibration made =
        Calibration.of(
            sources,
            ModelEncoder.forEvaluation(opened),
            new Calibration.Amount(MOST_SAMPLES, length, true),
            request.seed(),
            opened.padding());
    made.warnings().forEach(listener::warning);
    for (int i = 0; i < made.set().count(); i++) {
      opened.requireTokens(made.set().sample(i));
    }
    return made.set();
  }

  /** Under the names that transformers' modules have, which PEFT looks for. */
  private void write(Model opened, LoraTraining training, Map<String, LinearSpec> maps) {
    UnaryOperator<String> names =
        Architectures.find(opened.spec().modelType())
            .<UnaryOperator<String>>map((Architecture family) -> family::loaded)
            .orElse(UnaryOperator.identity());
    Map<String, PeftFolder.Factors> factors = new LinkedHashMap<>();
    training
        .factors()
        .forEach(
            (name, f) -> factors.put(names.apply(name), new PeftFolder.Factors(f.down(), f.up())));
    List<String> targets =
        request.targets().isEmpty() ? List.copyOf(factors.keySet()) : request.targets();
    boolean turned = maps.values().stream().anyMatch(LinearSpec::transposed);
    PeftFolder.write(
        request.output(),
        new PeftFolder.Settings(request.model(), request.rank(), request.alpha(), targets, turned),
        factors);
  }
}
