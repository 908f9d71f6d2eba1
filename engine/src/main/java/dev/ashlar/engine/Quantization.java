package dev.ashlar.engine;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.data.TextFiles;
import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.engine.quantize.AutomaticBits;
import dev.ashlar.engine.quantize.Efforts;
import dev.ashlar.engine.quantize.QuantizeRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.Evaluation;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.tensor.DType;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunReport;
import dev.ashlar.tuning.calibration.DatasetSpec;
import dev.ashlar.tuning.calibration.Documents;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model about to be quantized: set what differs from the defaults, then {@link #run}.
 *
 * {@snippet :
 * Quantization.of("models/Qwen3-0.6B")
 *     .bits(4)
 *     .data(List.of("Some text.", "More text."))
 *     .into(Path.of("out"))
 *     .run();
 * }
 *
 * <p>A run that is killed or cancelled leaves no model, and its finished blocks in a work folder:
 * the same run goes on behind them and writes the same bytes. Not thread-safe; {@link Cancellation}
 * is.
 */
public final class Quantization {
  private final String model;
  private final TuningSettings tuning = new TuningSettings();
  private final SchemeSettings schemes = new SchemeSettings();
  private final OutputSettings output = new OutputSettings();
  private final Map<String, String> options = new LinkedHashMap<>();
  private Optional<Method> method = Optional.empty();
  private Optional<String> recipe = Optional.empty();
  private boolean modelFree;
  private Optional<Evaluation> evaluation = Optional.empty();
  private MemoryLimit memory = MemoryLimit.none();
  private ModelOptions machine = ModelOptions.defaults();
  private JobListener listener = JobListener.SILENT;
  private Cancellation cancellation = new Cancellation();

  private Quantization(String model) {
    this.model = model;
  }

  /** Of the model a user names, as {@link LanguageModel#open(String)} finds it. */
  public static Quantization of(String model) {
    return new Quantization(model);
  }

  /** Of the model in a folder or file. */
  public static Quantization of(Path model) {
    return new Quantization(model.toString());
  }

  /** Bits of a weight, 2 to 8; 4 unless this is called. */
  public Quantization bits(int count) {
    schemes.state(schemes.named.withBits(count));
    return this;
  }

  /** A scheme for each layer, chosen for an average of bits, instead of one for all. */
  public Quantization bits(AverageBits chosen) {
    schemes.average = Optional.of(chosen);
    return this;
  }

  /** Inputs that share a scale; −1 for whole rows; 128 unless this is called. */
  public Quantization groupSize(int inputs) {
    schemes.state(schemes.named.withGroupSize(inputs));
    return this;
  }

  /** A zero point for each group instead of the middle. */
  public Quantization asymmetric() {
    schemes.symmetric = false;
    return this;
  }

  /** What scales of integers are rounded to, in files too: {@code F16} unless this is called. */
  public Quantization scaleType(DType type) {
    schemes.scaleType = Optional.of(type);
    return this;
  }

  /**
   * Bits and groups by a common name, such as {@code W4A16}, or the types of a format, such as
   * {@code GGUF:Q4_K_M}, which is then what is written.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public Quantization scheme(String name) {
    schemes.name(name);
    return this;
  }

  /** Which layers get which scheme, in place of everything that was said about schemes. */
  public Quantization plan(QuantizationPlan layers) {
    schemes.plan = Optional.of(layers);
    return this;
  }

  /**
   * How codes are chosen, by name; else {@code signround}, or {@code rtn} if {@link #modelFree}.
   *
   * @throws IllegalArgumentException naming the methods that there are
   */
  public Quantization method(String name) {
    return method(Methods.named(name));
  }

  /** How codes are chosen; may be a method of one's own. */
  public Quantization method(Method chosen) {
    this.method = Optional.of(chosen);
    return this;
  }

  /** Sets an option of the method's. */
  public Quantization option(String name, Object value) {
    options.put(name.replace('-', '_'), value.toString());
    return this;
  }

  /** Time of the tuning, above 0, for methods that keep to it; see {@link RunReport#timed}. */
  public Quantization minutes(double count) {
    return option("minutes", count);
  }

  /**
   * Goes from file to file without building the model, with a method that needs no data: for
   * families that are not known, and for large models. There is no work folder to go on from.
   */
  public Quantization modelFree() {
    this.modelFree = true;
    return this;
  }

  /** How hard to try, by the name of one of the method's recipes; {@link #run} refuses others. */
  public Quantization recipe(String name) {
    this.recipe = Optional.of(name);
    return this;
  }

  /** Adds a running text to calibrate on; it is cut into samples. */
  public Quantization data(String text) {
    tuning.add(text);
    return this;
  }

  /** Adds separate texts to calibrate on; those that are shorter than a sample are left out. */
  public Quantization data(List<String> texts) {
    return data(texts.iterator());
  }

  /** The same from an iterator, which is read to its end. */
  public Quantization data(Iterator<String> texts) {
    tuning.addAll(texts, Documents.Text::new, false);
    return this;
  }

  /**
   * Adds conversations to calibrate on, each as the model's own chat template renders it.
   *
   * @param chats messages with {@code role} and {@code content}
   */
  public Quantization conversations(List<List<Map<String, Object>>> chats) {
    tuning.addAll(chats.iterator(), Documents.Chat::new, true);
    return this;
  }

  /** Adds separate texts that are token ids already, from an iterator that is read to its end. */
  public Quantization tokens(Iterator<int[]> texts) {
    tuning.addAll(texts, ids -> new Documents.Tokens(ids.clone()), false);
    return this;
  }

  /**
   * Adds files of text to calibrate on: {@code .txt}, {@code .json} or {@code .jsonl}.
   *
   * @throws dev.ashlar.io.InputException if one cannot be read
   */
  public Quantization data(Path... files) {
    for (Path file : files) {
      tuning.add(DatasetSpec.of(file.toString()), TextFiles.read(file));
    }
    return this;
  }

  /**
   * Adds data sets, files or of the local hub cache, written as {@code --dataset} takes them.
   *
   * @throws dev.ashlar.io.AshlarException if one is not there or cannot be read
   */
  public Quantization datasets(String names) {
    DatasetFiles files = DatasetFiles.ofMachine();
    Faults.translated(() -> DatasetFiles.specs(names)).forEach(s -> tuning.add(s, files.read(s)));
    return this;
  }

  /** Joins separate texts and cuts them into samples, instead of leaving out those too short. */
  public Quantization concatenated() {
    tuning.concatenated();
    return this;
  }

  /** Calibration samples; those of the recipe unless this is called. */
  public Quantization samples(int count) {
    tuning.set(TuningSettings.Count.SAMPLES, count);
    return this;
  }

  /** Tokens of each sample; those of the recipe unless this is called. */
  public Quantization length(int tokens) {
    tuning.set(TuningSettings.Count.LENGTH, tokens);
    return this;
  }

  /** Samples of one tuning step; those of the recipe unless this is called. */
  public Quantization batchSize(int count) {
    tuning.set(TuningSettings.Count.BATCH_SIZE, count);
    return this;
  }

  /** Batches of one tuning step, 1 unless this is called: less memory than a larger batch. */
  public Quantization gradientAccumulation(int batches) {
    tuning.set(TuningSettings.Count.ACCUMULATION, batches);
    return this;
  }

  /** Consecutive blocks that are tuned as one; 1 unless this is called. */
  public Quantization nblocks(int count) {
    tuning.set(TuningSettings.Count.NBLOCKS, count);
    return this;
  }

  /** Tunes each block on the float model's inputs, not on those that quantized blocks put out. */
  public Quantization floatInputs() {
    tuning.floatInputs();
    return this;
  }

  /** How activations wait for the next block: {@code BF16} is half the memory, other results. */
  public Quantization streamType(DType type) {
    tuning.streamType(type);
    return this;
  }

  /** Decides all chance; 42 unless this is called. */
  public Quantization seed(long value) {
    tuning.seed(value);
    return this;
  }

  /** The folder to write; several formats get a folder each in it. */
  public Quantization into(Path folder) {
    output.folder = folder;
    return this;
  }

  /**
   * What to write: {@code auto_round} (default), {@code auto_gptq}, {@code gptq_v2}, {@code
   * auto_awq}, {@code llm_compressor}, {@code fp8}, {@code ashlar}, {@code gguf}, {@code fake}, or
   * one with a packing ({@code gguf:q4_k_m}). Where that is the only one and decides what matrices
   * are stored as, schemes follow from it unless bits, groups or a plan are named.
   *
   * @throws IllegalArgumentException if there is no such format
   */
  public Quantization formats(String... names) {
    output.formats = ExportFormats.allNamed(names);
    return this;
  }

  /**
   * Calls experts what the model's own files call them ({@code w1}, {@code w2}, {@code w3} of
   * Mixtral), as vLLM wants it, and not what transformers, auto-round and GPTQModel do.
   */
  public Quantization originalNames() {
    output.originalNames = true;
    return this;
  }

  /** Replaces what is in the output folder. */
  public Quantization overwriting() {
    output.overwrite = true;
    return this;
  }

  /** Where finished blocks are kept; a hidden folder in the output folder unless this is called. */
  public Quantization workFolder(Path place) {
    output.work = Optional.of(place);
    return this;
  }

  /** Forgets the finished blocks of an earlier run. */
  public Quantization restarting() {
    output.restart = true;
    return this;
  }

  /** Measures perplexity before and after; see {@link LanguageModel#evaluate(String, int, int)}. */
  public Quantization evaluating(String text, int window, int limit) {
    this.evaluation =
        Optional.of(new Evaluation(Optional.empty(), Optional.of(text), window, limit));
    return this;
  }

  /**
   * The memory that the run keeps to: activations that do not fit lie in a temporary file. Changes
   * no result. The virtual machine's own limit ({@code -Xmx}) is the caller's to set.
   */
  public Quantization memory(MemoryLimit limit) {
    this.memory = limit;
    return this;
  }

  /**
   * The threads to compute with, on the backend of the process.
   *
   * @throws IllegalArgumentException if anything else is set, which would change nothing
   */
  public Quantization on(ModelOptions options) {
    this.machine = options.requireThreadsOnly("quantization");
    return this;
  }

  /** Hears how the run goes, on the thread that runs it. */
  public Quantization listener(JobListener hears) {
    this.listener = hears;
    return this;
  }

  /** Ends the run, from any thread; it can be taken up again. */
  public Quantization cancelledBy(Cancellation wish) {
    this.cancellation = wish;
    return this;
  }

  /**
   * Quantizes, writes, and reads again what was written.
   *
   * <p>A method that needs data and was given none is tuned on a small built-in text of many
   * languages; a text like those that the model is for gives a better model.
   *
   * @throws IllegalArgumentException if an option has a wrong value, or there is no folder to write
   * @throws dev.ashlar.io.AshlarException if something that was given cannot be used
   * @throws java.util.concurrent.CancellationException if it was cancelled, or its thread
   *     interrupted
   */
  public Quantized run() {
    QuantizeRequest request = request();
    JobListener hears = new CancellableListener(listener, cancellation);
    tuning.idle(request).ifPresent(hears::warning);
    return machine.run(() -> Quantized.of(request.run(hears)));
  }

  /** What all that was set amounts to. */
  private QuantizeRequest request() {
    Optional<AutomaticBits> bits = schemes.automatic();
    QuantizeRequest.Output written = output.settled(schemes.format(bits));
    if (modelFree && output.restart) {
      throw new IllegalArgumentException("model-free: a run begins anew, without restarting");
    }
    Method chosen = method.orElse(modelFree ? Methods.BASELINE : Methods.DEFAULT);
    MethodOptions told = MethodOptions.of(options);
    Effort effort = Efforts.of(chosen, recipe, model.equals(ModelPaths.DEMO), told);
    QuantizeRequest request =
        new QuantizeRequest(
            model,
            schemes.plan(bits),
            chosen.settle(told.over(effort.options())),
            tuning.run(effort),
            tuning.calibration(effort),
            written,
            evaluation,
            memory,
            bits,
            schemes.deciding(written.formats()),
            false);
    return modelFree ? request.withoutModel() : request;
  }
}
