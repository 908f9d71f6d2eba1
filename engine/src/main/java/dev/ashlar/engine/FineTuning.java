package dev.ashlar.engine;

import dev.ashlar.engine.finetune.FineTuningJob;
import dev.ashlar.engine.finetune.FineTuningRequest;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.formats.adapter.PeftFolder;
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
  /** Larger ones are slips of the pen. */
  private static final double LARGEST_FACTOR = 1e9;

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

  /** Data sets to train on, written as on the command line; there have to be some. */
  public FineTuning dataset(String spec) {
    this.dataset = spec;
    return this;
  }

  /**
   * Data sets to measure on, whole; without this one sample in twenty of the others, 32 at most, is
   * kept back for that.
   */
  public FineTuning evaluation(String spec) {
    this.evaluation = Optional.of(spec);
    return this;
  }

  /**
   * The factors' rank and alpha; their product is multiplied by alpha / rank. 8 and 16 unless this
   * is called.
   *
   * @throws IllegalArgumentException if the rank is not from 1 to 65 536, or alpha not positive and
   *     below 10⁹
   */
  public FineTuning rank(int rank, double alpha) {
    require(
        rank >= 1 && rank <= PeftFolder.LARGEST_RANK,
        "rank must be from 1 to " + PeftFolder.LARGEST_RANK,
        rank);
    require(alpha > 0 && alpha < LARGEST_FACTOR, "alpha must be positive and below 1e9", alpha);
    this.rank = rank;
    this.alpha = alpha;
    return this;
  }

  /**
   * Ends of names of the maps to train beside. Without this all linear maps of blocks but routers
   * and routed experts, which cannot be named either.
   */
  public FineTuning targets(String... names) {
    this.targets = List.of(names);
    return this;
  }

  /**
   * The learning rate of the first step, from which it falls to 0 in a line; 2e-4 unless this is
   * called.
   *
   * @throws IllegalArgumentException if it is not positive and below 10⁹
   */
  public FineTuning learningRate(double rate) {
    require(
        rate > 0 && rate < LARGEST_FACTOR,
        "the learning rate must be positive and below 1e9",
        rate);
    this.learningRate = rate;
    return this;
  }

  /**
   * So many steps, in place of epochs.
   *
   * @throws IllegalArgumentException if it is less than one
   */
  public FineTuning steps(int steps) {
    require(steps >= 1, "steps must be at least 1", steps);
    this.steps = steps;
    return this;
  }

  /**
   * So many times through the data; once unless this or {@link #steps} is called.
   *
   * @throws IllegalArgumentException if it is less than one
   */
  public FineTuning epochs(int epochs) {
    require(epochs >= 1, "epochs must be at least 1", epochs);
    this.steps = 0;
    this.epochs = epochs;
    return this;
  }

  /**
   * Sequences of a step, and the most tokens of each; 4 and 512 unless this is called. Texts are
   * cut to that length, shorter documents count as they are.
   *
   * @throws IllegalArgumentException if the size is less than one, or the length less than two
   */
  public FineTuning batch(int size, int length) {
    require(size >= 1, "a batch must have at least 1 sequence", size);
    require(length >= 2, "a sequence must have at least 2 tokens", length);
    this.batch = size;
    this.length = length;
    return this;
  }

  /** Decides all chance; 42 unless this is called. */
  public FineTuning seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** The folder to write; {@code adapter} unless this is called. */
  public FineTuning into(Path folder) {
    this.output = folder;
    return this;
  }

  /** Whether an adapter that is there, or the state of another run, may be replaced; else not. */
  public FineTuning replacing(boolean force) {
    this.force = force;
    return this;
  }

  /**
   * Threads and backend to compute with; results do not depend on the number of threads.
   *
   * @throws IllegalArgumentException if anything else is set, which would change nothing
   */
  public FineTuning on(ModelOptions how) {
    this.options = how.requireMachineOnly("fine-tuning");
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

  private static void require(boolean holds, String rule, Number found) {
    if (!holds) {
      throw new IllegalArgumentException(rule + ": " + found);
    }
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
