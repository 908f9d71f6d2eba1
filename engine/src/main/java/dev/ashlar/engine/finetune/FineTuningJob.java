package dev.ashlar.engine.finetune;

import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.engine.model.AdaptedModules;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.OutputFolder;
import dev.ashlar.formats.adapter.PeftFolder;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.lora.DivergedException;
import dev.ashlar.tuning.lora.LoraOptions;
import dev.ashlar.tuning.lora.LoraTraining;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/** One run: reads the data, trains, keeps its state on the way, writes the adapter. */
public final class FineTuningJob {
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;

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

  /**
   * Does it.
   *
   * @throws dev.ashlar.io.AshlarException if something cannot be read, written or trained
   */
  public Result run() {
    try (Model opened = Model.open(model)) {
      Path output = request.output();
      boolean replace = request.force() || KeptState.isIn(output);
      try (OutputFolder folder = OutputFolder.claim(output, replace, opened.checkpoint())) {
        return Faults.translated(() -> run(opened, folder.path()));
      }
    }
  }

  private Result run(Model opened, Path output) {
    Map<String, LinearSpec> maps = targets(opened);
    TrainingData data = TrainingData.read(opened, request, listener);
    LoraOptions options = options(data.train());
    requireArrays(opened, options, data.length());
    Decoder decoder = Decoder.loadFrozen(opened.spec(), opened.checkpoint(), backend);
    LoraTraining training = new LoraTraining(decoder, maps.keySet(), options);
    String identity = training.identity() + " " + configuration(opened) + " " + data.identity();
    KeptState state = KeptState.of(output, training, identity);
    double before = before(training, data, state, opened);
    if (training.done() > 0) {
      listener.note("going on behind step " + training.done() + " of " + options.steps());
    }
    double after;
    try {
      train(training, data, options, state, before);
      after = measure(training, data, "after");
      if (!Double.isFinite(after)) {
        throw new DivergedException("behind the last step the held-out loss is not a number");
      }
    } catch (DivergedException e) {
      // The same run would come to the same end.
      state.remove();
      throw new InputException(e.getMessage() + "; take a smaller learning rate (--lr)", e);
    }
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

  /** Which of two models with the same weights it is: how they are to be computed. */
  private static String configuration(Model opened) {
    CRC32C crc = new CRC32C();
    crc.update(opened.checkpoint().config().toString().getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }

  /** Measured, or as an earlier run measured it. */
  private double before(LoraTraining training, TrainingData data, KeptState state, Model opened) {
    return state
        .resume(request.force())
        .orElseGet(
            () -> {
              double measured = measure(training, data, "before");
              if (!Double.isFinite(measured)) {
                throw new InputException(
                    opened.checkpoint().path()
                        + ": the model's own loss on held-out data is not a number; it is damaged,"
                        + " or its values are too large for single precision");
              }
              state.keep(measured, true);
              return measured;
            });
  }

  private double measure(LoraTraining training, TrainingData data, String when) {
    int samples = data.heldOut().count();
    try (Stage stage = listener.begin("held-out loss " + when, samples)) {
      return training.loss(
          data.heldOut(),
          done -> {
            stage.at(done, "");
            if (listener.cancelled()) {
              throw new CancellationException("ended while the loss " + when + " was measured");
            }
          });
    }
  }

  private void train(
      LoraTraining training,
      TrainingData data,
      LoraOptions options,
      KeptState state,
      double before) {
    int begun = training.done();
    try (Stage stage = listener.begin("training", Math.max(1, options.steps() - begun))) {
      training.run(
          data.train(),
          (done, loss) -> {
            stage.at(done - begun, String.format(Locale.ROOT, "step %d, loss %.4f", done, loss));
            boolean ending = listener.cancelled();
            state.keep(before, ending || done == options.steps());
            if (ending) {
              throw new CancellationException("ended behind step " + done);
            }
          });
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
              if (map.stack().isEmpty() && !LinearSpec.isExpert(name) && !name.equals(head)) {
                all.put(name, map);
              }
            });
    if (request.targets().isEmpty()) {
      return all;
    }
    Map<String, LinearSpec> chosen = new LinkedHashMap<>();
    for (String target : request.targets()) {
      Map<String, LinearSpec> found = new LinkedHashMap<>(all);
      found.keySet().removeIf(name -> !name.equals(target) && !name.endsWith("." + target));
      if (found.isEmpty()) {
        throw new InputException(
            "--target-modules: the model has no linear map '"
                + target
                + "' in its blocks; there are "
                + String.join(
                    ", ", all.keySet().stream().map(FineTuningJob::last).distinct().toList()));
      }
      chosen.putAll(found);
    }
    return chosen;
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private LoraOptions options(CalibrationSet train) {
    int batch = request.batch();
    if (train.count() < batch) {
      throw new InputException(
          "the data give "
              + train.count()
              + " samples of at most "
              + train.length()
              + " tokens, fewer than a batch of "
              + batch
              + "; take a smaller --batch-size or --seqlen, or more data");
    }
    long steps =
        request.steps() > 0 ? request.steps() : (long) (train.count() / batch) * request.epochs();
    if (steps > Integer.MAX_VALUE) {
      throw new InputException(
          request.epochs()
              + " times through the data are "
              + steps
              + " steps; take fewer --epochs");
    }
    return new LoraOptions(
        request.rank(),
        request.alpha(),
        (int) steps,
        batch,
        request.learningRate(),
        1,
        request.seed());
  }

  /** What flows into a map, and a factor, are arrays. */
  private static void requireArrays(Model opened, LoraOptions options, int length) {
    long widest = 1;
    for (LinearSpec map : new AdaptedModules(opened.spec(), opened.checkpoint()).all().values()) {
      if (!map.name().equals(opened.spec().head().output().name())) {
        widest = Math.max(widest, Math.max(map.in(), map.out()));
      }
    }
    if (widest * options.rank() > LARGEST_ARRAY) {
      throw new InputException(
          "factors of rank " + options.rank() + " are too large; take a smaller --rank");
    }
    if (widest * length > LARGEST_ARRAY / options.batch()) {
      throw new InputException(
          "batches of "
              + options.batch()
              + " samples of "
              + length
              + " tokens are more than can be computed at once; take a smaller --batch-size or"
              + " --seqlen");
    }
  }

  /** Under the names that transformers' modules have, which PEFT looks for. */
  private void write(Model opened, LoraTraining training, Map<String, LinearSpec> maps) {
    UnaryOperator<String> names = names(opened);
    Map<String, PeftFolder.Factors> factors = new LinkedHashMap<>();
    training
        .factors()
        .forEach(
            (name, f) -> factors.put(names.apply(name), new PeftFolder.Factors(f.down(), f.up())));
    // Ends of names would be those of other parts of the model too.
    boolean ends =
        wholeFamily(opened).equals(opened.spec().modelType())
            && request.targets().stream().noneMatch(t -> t.contains("."));
    List<String> targets =
        ends && !request.targets().isEmpty() ? request.targets() : List.copyOf(factors.keySet());
    boolean turned = maps.values().stream().anyMatch(LinearSpec::transposed);
    PeftFolder.write(
        request.output(),
        new PeftFolder.Settings(request.model(), request.rank(), request.alpha(), targets, turned),
        factors);
  }

  /** As the family of the whole model has them, of which the decoder may be a part. */
  private static UnaryOperator<String> names(Model opened) {
    return Architectures.find(wholeFamily(opened))
        .<UnaryOperator<String>>map((Architecture family) -> family::loaded)
        .orElse(UnaryOperator.identity());
  }

  private static String wholeFamily(Model opened) {
    String part = opened.spec().modelType();
    return opened.checkpoint().config().get("model_type") instanceof String whole
            && Architectures.find(whole).isPresent()
        ? whole
        : part;
  }
}
