package dev.ashlar.engine;

import dev.ashlar.engine.finetune.FineTuningJob;
import dev.ashlar.engine.finetune.FineTuningRequest;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.ModelPaths;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Training an adapter of low rank (LoRA) beside a model's frozen weights, float or packed, by the
 * cross-entropy of next tokens.
 *
 * {@snippet :
 * FineTuned tuned = FineTuning.of("models/SmolLM2-135M").dataset("notes.txt").steps(100)
 *     .into(Path.of("adapter")).run();
 * }
 *
 * <p>A run that is interrupted goes on where it was when the same is run again, and ends in the
 * same bytes. Not thread-safe.
 */
public final class FineTuning {
  private final String model;
  private String dataset = "";
  private Optional<String> evaluation = Optional.empty();
  private Path output = Path.of("adapter");
  private int rank = 8;
  private double alpha = 16;
  private List<String> targets = List.of();
  private double learningRate = 2e-4;
  private int steps;
  private int epochs = 1;
  private int batch = 4;
  private int length = 512;
  private long seed = 42;
  private boolean force;
  private ModelOptions options = ModelOptions.defaults();
  private JobListener listener = JobListener.SILENT;

  private FineTuning(String model) {
    this.model = model;
  }

  /** Of the model a user names; see {@link LanguageModel#open(String)}. */
  public static FineTuning of(String model) {
    return new FineTuning(model);
  }

  /** Of the model in a folder or file. */
  public static FineTuning of(Path model) {
    return new FineTuning(model.toString());
  }

  /** Data sets to train on, written as on the command line. */
  public FineTuning dataset(String spec) {
    this.dataset = spec;
    return this;
  }

  /** Data sets to measure on; else some samples of the others are kept back for that. */
  public FineTuning evaluation(String spec) {
    this.evaluation = Optional.of(spec);
    return this;
  }

  /** The factors' rank and alpha; their product is multiplied by alpha / rank. */
  public FineTuning rank(int rank, double alpha) {
    this.rank = rank;
    this.alpha = alpha;
    return this;
  }

  /** Ends of names of the maps to train beside; all linear maps of blocks without this. */
  public FineTuning targets(String... names) {
    this.targets = List.of(names);
    return this;
  }

  /** The learning rate of the first step. */
  public FineTuning learningRate(double rate) {
    this.learningRate = rate;
    return this;
  }

  /** So many steps, in place of epochs. */
  public FineTuning steps(int steps) {
    this.steps = steps;
    return this;
  }

  /** So many times through the data. */
  public FineTuning epochs(int epochs) {
    this.steps = 0;
    this.epochs = epochs;
    return this;
  }

  /** Sequences of a step, and tokens of each. */
  public FineTuning batch(int size, int length) {
    this.batch = size;
    this.length = length;
    return this;
  }

  /** Decides all chance. */
  public FineTuning seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** The folder to write. */
  public FineTuning into(Path folder) {
    this.output = folder;
    return this;
  }

  /** Whether an adapter that is there, or the state of another run, may be replaced. */
  public FineTuning replacing(boolean force) {
    this.force = force;
    return this;
  }

  /** Threads and backend to compute with; results depend on neither threads nor their number. */
  public FineTuning on(ModelOptions how) {
    this.options = how;
    return this;
  }

  /** Hears how it goes. */
  public FineTuning listener(JobListener hears) {
    this.listener = hears;
    return this;
  }

  /**
   * Trains and writes the adapter.
   *
   * @throws dev.ashlar.io.AshlarException if something cannot be read, written or trained
   * @throws java.util.concurrent.CancellationException if the listener asked to end
   */
  public FineTuned run() {
    long start = System.nanoTime();
    FineTuningRequest request = request();
    Path path = ModelPaths.resolve(model, listener);
    FineTuningJob.Result r =
        options.run(() -> new FineTuningJob(request, path, options.kernels(), listener).run());
    return new FineTuned(
        output,
        r.before(),
        r.after(),
        r.heldOut(),
        r.steps(),
        r.samples(),
        r.parameters(),
        Duration.ofNanos(System.nanoTime() - start));
  }

  private FineTuningRequest request() {
    return new FineTuningRequest(
        model,
        dataset,
        evaluation,
        output,
        rank,
        alpha,
        targets,
        learningRate,
        steps,
        epochs,
        batch,
        length,
        seed,
        force);
  }
}
