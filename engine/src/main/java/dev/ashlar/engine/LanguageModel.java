package dev.ashlar.engine;

import dev.ashlar.engine.chat.Continuation;
import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.device.DeviceName;
import dev.ashlar.engine.device.Lease;
import dev.ashlar.engine.device.Workload;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.RunException;
import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelPaths;
import dev.ashlar.formats.FloatFolder;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.QuantScheme;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.StoppingDecoder;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import dev.ashlar.tuning.quality.Perplexity;
import dev.ashlar.tuning.quality.WindowListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A language model open for use: float or quantized, from a folder or a file.
 *
 * {@snippet :
 * try (LanguageModel model = LanguageModel.open("models/Qwen3-0.6B")) {
 *   model.chat().ask("What is the capital of France?", System.out::print);
 * }
 * }
 *
 * <p>Weights are read when they are first needed, and matrices stay packed as the files store them.
 * Several threads may use one model; each call has caches of its own, and so has each {@link
 * Conversation}, which belongs to one thread at a time.
 *
 * <p>Faults are {@link dev.ashlar.io.AshlarException}s; wrong arguments {@link
 * IllegalArgumentException}s.
 */
public final class LanguageModel implements AutoCloseable {
  final Model model;
  final ModelOptions options;

  /** Codes that are in memory only. */
  final Optional<QuantizedState> converted;

  /** What computes. */
  final RunningModel running;

  private LanguageModel(
      Model model, ModelOptions options, Optional<QuantizedState> converted, RunningModel running) {
    this.model = model;
    this.options = options;
    this.converted = converted;
    this.running = running;
  }

  /**
   * Opens the model a user names.
   *
   * @param name a Hugging Face model folder, a {@code .safetensors} file beside its configuration,
   *     a {@code .gguf} file, {@code demo} for a tiny one that is part of this library, or a name
   *     of the hub ({@link ModelHub}), from where it is downloaded if it is not in the local cache
   * @throws InputException if there is none, or it cannot be read
   */
  public static LanguageModel open(String name) {
    return open(name, ModelOptions.defaults());
  }

  /** The same, to be run as {@code options} say. */
  public static LanguageModel open(String name, ModelOptions options) {
    return open(name, options, JobListener.SILENT);
  }

  /**
   * The same, and {@code listener} hears of a download, and of a device that is taken by itself.
   */
  public static LanguageModel open(String name, ModelOptions options, JobListener listener) {
    Path path = ModelPaths.resolve(name, listener);
    return open(path, options, DeviceAccess.ofProcess(listener));
  }

  /** Opens the model in a folder or file. */
  public static LanguageModel open(Path path) {
    return open(path, ModelOptions.defaults());
  }

  /** The same, to be run as {@code options} say. */
  public static LanguageModel open(Path path, ModelOptions options) {
    return open(path, options, DeviceAccess.ofProcess(JobListener.SILENT));
  }

  /** The same. */
  static LanguageModel open(Path path, ModelOptions options, DeviceAccess access) {
    // What no device heeds, and a device that is not there, is known before files are.
    options.device(access.devices()).ifPresent(DeviceName::requireThere);
    Model model = Model.open(path, options.adapters());
    try {
      RunningModel running = RunningModel.of(model, options, access);
      return new LanguageModel(model, options, Optional.empty(), running);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** The folder or file that it was opened from. */
  public Path path() {
    return model.checkpoint().path();
  }

  /** Whether any of its weights are stored as codes and not as floats. */
  public boolean hasCodes() {
    return converted.isPresent() || model.hasCodes();
  }

  /** Tokens that it takes at once; {@link Integer#MAX_VALUE} if it does not say. */
  public int contextLength() {
    return model.contextLength();
  }

  /** The template of conversations that comes with it, if one does. */
  public Optional<ChatTemplate> chatTemplate() {
    return model.chatTemplate();
  }

  /** Text to token ids and back. */
  public synchronized Tokenizer tokenizer() {
    return model.tokenizer();
  }

  /**
   * What computes: the name of a backend of the processor, or of a device ({@code tornado:0}), also
   * of one that a text has taken by itself.
   */
  public String backend() {
    return running.name();
  }

  /** The token ids of a text, without any around it. */
  public int[] encode(String text) {
    return tokenizer().encode(text);
  }

  /** The text of token ids, without special tokens. */
  public String decode(int... ids) {
    return tokenizer().decode(ids);
  }

  /**
   * Reads the weights now instead of when they are first needed, ready for a prompt like this one.
   */
  public void load(String prompt) {
    int tokens = Prompts.of(tokenizer(), prompt).length;
    running.lease(tokens, Prompts.tokens(model, GenerationOptions.defaults(), tokens)).close();
  }

  /** The same, refusing a prompt that does not leave room for an answer. */
  public void load(String prompt, GenerationOptions how) {
    int tokens = Prompts.fitting(model, tokenizer(), prompt, how).length;
    running.lease(tokens, Prompts.tokens(model, how, tokens)).close();
  }

  /** Continues {@code prompt} as it is, without a chat template. */
  public Generated generate(String prompt) {
    return generate(prompt, GenerationOptions.defaults());
  }

  /** The same as {@code how} says. */
  public Generated generate(String prompt, GenerationOptions how) {
    return generate(prompt, how, piece -> {});
  }

  /**
   * The same, shown while it comes.
   *
   * @param listener is given the text piece by piece, in whole characters
   * @throws InputException if there is nothing in the prompt, or it fills the model's context
   */
  public Generated generate(String prompt, GenerationOptions how, Consumer<String> listener) {
    int[] ids = Prompts.fitting(model, tokenizer(), prompt, how);
    int limit = Prompts.limit(model, how, ids.length);
    try (Continuation continuation = continuations().behind(ids, how)) {
      Continuation.Written written =
          continuation.write(decoded(), ids, limit, listener, how.cancellation()::isCancelled);
      return new Generated(written.text(), ids.length, written.result());
    }
  }

  private StoppingDecoder decoded() {
    return new StoppingDecoder(tokenizer(), model.generationSettings().stopStrings());
  }

  /**
   * The same text as {@link #generate(String, GenerationOptions)} gives, made as the stream is
   * read, by the thread that reads it: whoever stops reading stops the model, and closes the stream
   * of a model on a device. Pieces are whole characters.
   */
  public Stream<String> stream(String prompt, GenerationOptions how) {
    int[] ids = Prompts.fitting(model, tokenizer(), prompt, how);
    Continuation continuation = continuations().behind(ids, how);
    int limit = Prompts.limit(model, how, ids.length);
    return new TextPieces(continuation, decoded(), ids, limit, how.cancellation()::isCancelled)
        .asStream();
  }

  /** An empty conversation by the model's own chat template. */
  public Conversation chat() {
    return chat(ChatOptions.defaults());
  }

  /**
   * An empty conversation.
   *
   * @throws InputException if the model has no chat template and none was given
   * @throws dev.ashlar.text.chat.ChatTemplateException if the template that was given is ill-formed
   */
  public Conversation chat(ChatOptions how) {
    return continuations().conversation(how, tokenizer());
  }

  private Continuations continuations() {
    return new Continuations(model, running, options);
  }

  /** A text as a vector {@code [dim]}; see {@link #embed(List, EmbeddingOptions)}. */
  public float[] embed(String text) {
    return embed(List.of(text), EmbeddingOptions.defaults()).getFirst();
  }

  /**
   * Texts as vectors: what the model's hidden states are after the final norm, of all tokens of a
   * text together or of its last. Texts run in batches; a text has the same bits in any.
   *
   * @return a vector {@code [dim]} for each text, the caller's to keep
   * @throws InputException if a text is empty or does not fit the model
   * @throws RunException if a vector is not finite
   */
  public List<float[]> embed(List<String> texts, EmbeddingOptions how) {
    running.requireProcessor("texts become vectors");
    Embeddings embeddings = new Embeddings(decoder(Integer.MAX_VALUE), contextLength(), how);
    return Faults.translated(
        () ->
            options.run(
                () ->
                    embeddings.of(texts.stream().map(t -> tokenizer().encode(t, true)).toList())));
  }

  /**
   * Perplexity over a text, so that figures compare: it is tokenized once without special tokens
   * and cut into windows that do not overlap, each fed alone; the mean negative log-likelihood of
   * the tokens of each window from the second on, exponentiated.
   *
   * @param window tokens of each window, at least 2
   * @param limit windows at most; 0 for all
   * @throws InputException if the text is shorter than one window, or a window longer than the
   *     model's context
   */
  public Perplexity evaluate(String text, int window, int limit) {
    return evaluate(encode(text), window, limit, WindowListener.SILENT);
  }

  /**
   * The same over a text's token ids.
   *
   * @param listener is told after each window
   */
  public Perplexity evaluate(int[] ids, int window, int limit, WindowListener listener) {
    Prompts.requireWindow(ids, window, contextLength());
    model.requireTokens(ids);
    long windows = ids.length / window;
    Workload work = new Workload(window * (limit > 0 ? Math.min(limit, windows) : windows), 0);
    if (!running.isOnDevice(work, window)) {
      return options.run(() -> Perplexity.of(measured(), ids, window, limit, listener));
    }
    try (Lease lease = running.lease(window, window, work)) {
      return Faults.translated(
          () ->
              options.run(
                  () ->
                      Perplexity.of(
                          lease.runner(), Backends.chosen(), ids, window, limit, listener)));
    }
  }

  /** Exact activations need no packed kernels, and their floats are what other programs compare. */
  Decoder measured() {
    return options.isExact() && converted.isEmpty()
        ? model.floats(options.kernels())
        : decoder(Integer.MAX_VALUE);
  }

  /**
   * Writes the model as a Hugging Face folder of float weights, tokenizer and all; packed weights
   * are expanded, adapters merged.
   *
   * @param type F32, F16 or BF16; empty for the smallest that loses nothing
   * @throws InputException if the folder holds a model, or it cannot be written
   * @throws IllegalStateException if the model came from a {@link PreparedModel}; {@link #export}
   *     writes those
   */
  public List<Path> writeFloats(Path folder, Optional<DType> type) {
    if (converted.isPresent()) {
      throw new IllegalStateException("a converted model has no file of floats; export it");
    }
    model.requireComplete();
    return options.run(
        () -> FloatFolder.write(model.expanded(), folder, type, false, (name, done, all) -> {}));
  }

  /**
   * Writes a quantized model's codes as other tools read them, and reads them again.
   *
   * @param formats at least one, as {@link Quantization#formats} takes them
   * @return the folders by format: {@code folder} itself if there is only one
   * @throws InputException if the model is float or open with adapters, a format cannot hold the
   *     codes, or something cannot be written
   * @throws IllegalArgumentException if there is no such format
   */
  public Map<String, Path> export(Path folder, String... formats) {
    running.requireProcessor("exports are made");
    List<ExportFormat> chosen = ExportFormats.allNamed(formats);
    QuantizedState codes =
        converted
            .or(() -> QuantizedState.of(model.unadapted()))
            .orElseThrow(
                () ->
                    new InputException(
                        path() + ": is not quantized; quantize it first, or write its floats"));
    return codes.write(model, options, folder, chosen);
  }

  /**
   * Makes a model whose layers observe what flows into them, to be run by the caller and then
   * converted.
   *
   * @param scheme of every layer of every block
   * @param method one that needs no more than to see each layer's input once
   * @throws InputException if this model is quantized already
   * @throws IllegalArgumentException if the method needs more
   */
  public PreparedModel prepare(QuantScheme scheme, Method method) {
    return prepare(QuantizationPlan.uniform(scheme), method, Map.of(), 42);
  }

  /**
   * The same for a plan and options of the method's.
   *
   * @param seed decides all chance of the method
   */
  public PreparedModel prepare(
      QuantizationPlan plan, Method method, Map<String, String> methodOptions, long seed) {
    running.requireProcessor("layers are observed");
    return PreparedModel.of(
        model,
        plan,
        new Method.Choice(method, MethodOptions.of(methodOptions)),
        seed,
        options,
        (codes, decoder) ->
            new LanguageModel(
                model, options, Optional.of(codes), RunningModel.of(model, options, decoder)));
  }

  /** What runs the model on the processor, read when first asked for. */
  Decoder decoder(int promptTokens) {
    return running.decoder(promptTokens);
  }

  /**
   * Lets go of the files; nothing can be asked of the model afterwards. One that was converted
   * leaves them to the model that it came from.
   */
  @Override
  public void close() {
    running.close();
    if (converted.isEmpty()) {
      model.close();
    }
  }
}
