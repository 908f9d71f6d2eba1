package dev.ashlar.engine.model;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.adapter.AdapterFile;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.decoder.InferenceOptions;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.weights.ConfigNames;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A model open for use: checkpoint, tokenizer, decoders. The tokenizer is made when it is first
 * asked for, so that work which needs none does not fail for it. Not thread-safe.
 */
public final class Model implements AutoCloseable {
  private static final String PADDING = "pad_token_id";

  private final Checkpoint checkpoint;
  private Tokenizer tokenizer;
  private Tokenizer plain;
  private DecoderSpec spec;
  private GenerationSettings settings;
  private AppliedAdapters adapters = AppliedAdapters.NONE;

  private Model(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  /** Opens the model a user names; see {@link ModelPaths}. */
  public static Model open(String name) {
    return open(name, JobListener.SILENT);
  }

  /** The same, and {@code listener} hears of a download. */
  public static Model open(String name, JobListener listener) {
    return open(ModelPaths.resolve(name, listener));
  }

  /** Opens the model in a folder or file. */
  public static Model open(Path path) {
    return open(path, List.of());
  }

  /**
   * The same with adapters, which are computed beside the model's weights and are merged into
   * copies of it.
   *
   * @throws InputException if one cannot be read, or does not fit the model
   */
  public static Model open(Path path, List<AdapterFile> adapters) {
    Model model = new Model(Checkpoints.open(path));
    if (adapters.isEmpty()) {
      return model;
    }
    try {
      model.adapters = AppliedAdapters.read(adapters, model.spec(), model.checkpoint);
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** The files as they are, without any adapter. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /**
   * The same, for work that would leave adapters out.
   *
   * @throws InputException if there are any
   */
  public Checkpoint unadapted() {
    if (!adapters.isEmpty()) {
      throw new InputException(
          checkpoint.path()
              + ": is open with adapters, which this would leave out; write a merged copy first"
              + " ('ashlar convert --lora', or writeFloats) and open that");
    }
    return checkpoint;
  }

  /**
   * The checkpoint for a copy in floats: packed weights as the family's own files have them, and a
   * configuration that says what is stored. Adapters are merged.
   */
  public Checkpoint expanded() {
    Checkpoint floats = ExpandedCheckpoint.of(checkpoint);
    return adapters.isEmpty() ? floats : adapters.merged(floats, Architectures.spec(floats));
  }

  /**
   * The checkpoint for a copy that keeps codes; those of weights that adapters are merged into are
   * floats.
   */
  Checkpoint carried() {
    if (adapters.isEmpty()) {
      return checkpoint;
    }
    return adapters.apart(new AdaptedModules(spec(), checkpoint))
        ? adapters.merged(checkpoint, spec())
        : expanded();
  }

  /**
   * Refuses a model that lacks weights, before it is copied: a copy would be refused by whoever
   * loads it, or have zeros in their place. Nothing is known of families that are not.
   *
   * @throws InputException naming the first that is missing
   */
  public void requireComplete() {
    DecoderSpec known;
    try {
      known = spec();
    } catch (InputException e) {
      return;
    }
    known
        .missing(checkpoint)
        .ifPresent(
            name -> {
              throw checkpoint.fault(
                  name, "the tensor", "none", "the model is incomplete: download it again");
            });
  }

  /** Whether any weights are stored as codes and not as floats. */
  public boolean hasCodes() {
    return !checkpoint.quantizedNames().isEmpty()
        || checkpoint.names().stream()
            .map(checkpoint::tensor)
            .anyMatch(t -> !t.storage().equals(t.dtype().name()));
  }

  /**
   * Text to token ids and back.
   *
   * @return one that refuses text with tokens that the model's embedding has no rows for
   */
  public Tokenizer tokenizer() {
    if (tokenizer == null) {
      try {
        plain = Tokenizers.open(checkpoint.tokenizer());
      } catch (OutOfMemoryError e) {
        throw WholeFile.doesNotFit(checkpoint.path().toString(), "the tokenizer", e);
      }
      tokenizer = matched(plain);
    }
    return tokenizer;
  }

  /** The same, taking any text. */
  public Tokenizer plainTokenizer() {
    tokenizer();
    return plain;
  }

  private Tokenizer matched(Tokenizer own) {
    int rows;
    try {
      rows = spec().vocab();
    } catch (InputException e) {
      // Whoever only wants ids need not know the family; whoever wants more will hear of it.
      return own;
    }
    KnownTokens known = new KnownTokens(own, checkpoint.path(), rows);
    if (!known.exceeds()) {
      return own;
    }
    checkpoint.note("vocabulary", known.warning());
    return known;
  }

  /**
   * Refuses ids that the model's embedding has no rows for.
   *
   * @throws InputException naming the first
   */
  public void requireTokens(int... ids) {
    int rows = spec().vocab();
    for (int id : ids) {
      if (id < 0 || id >= rows) {
        throw KnownTokens.fault(checkpoint.path(), rows, id, spelling(id));
      }
    }
  }

  /** The padding token of the configuration, or of its section on the language part. */
  public OptionalInt padding() {
    Object value = checkpoint.config().get(PADDING);
    if (value == null) {
      value = ConfigNames.section(checkpoint.config()).map(s -> s.get(PADDING)).orElse(null);
    }
    return value instanceof Long n && n == n.intValue()
        ? OptionalInt.of(n.intValue())
        : OptionalInt.empty();
  }

  /** A length that the model takes; says so if that is not what {@code option} asked for. */
  public int fitting(int wanted, String option, JobListener listener) {
    int length = Math.min(wanted, contextLength());
    if (length < wanted) {
      listener.note("the model takes at most " + length + " tokens; " + option + " is " + length);
    }
    return length;
  }

  private Optional<String> spelling(int id) {
    try {
      return Optional.ofNullable(plainTokenizer().token(id));
    } catch (InputException e) {
      // Ids may come from elsewhere, to a model without a tokenizer.
      return Optional.empty();
    }
  }

  /** A new decoder in floats, on the kernels of {@code backend}. */
  public Decoder floats(Backend backend) {
    return adapters.besides(Decoder.load(spec(), checkpoint, backend));
  }

  /**
   * A new decoder for running the model, not for changing it: matrices stay packed as the
   * checkpoint stores them, so that a token reads their codes and not four bytes for each weight.
   *
   * @param options how it is going to be run
   * @param backend whose kernels run it
   */
  public Decoder runner(InferenceOptions options, Backend backend) {
    return adapters.besides(Decoder.loadPacked(spec(), checkpoint, backend, options));
  }

  /**
   * Tokens that end whatever the model writes: those of the configuration and of its section on the
   * language part, those of the generation settings, and the tokenizer's own. What else the files
   * say in their place is told as a note.
   */
  public Set<Integer> stopTokens() {
    Set<Integer> stops = EndTokens.of(checkpoint, plainTokenizer(), spec().vocab());
    tokenizer().eos().ifPresent(stops::add);
    return stops;
  }

  /** Where texts end beside these tokens; told once of what means nothing there. */
  public GenerationSettings generationSettings() {
    if (settings == null) {
      settings = GenerationSettings.of(checkpoint);
    }
    return settings;
  }

  /**
   * Tokens that end an answer: those that end whatever the model writes, and the one that the
   * template writes behind an answer.
   */
  public Set<Integer> answerStops(ChatTemplate template) {
    Set<Integer> stops = stopTokens();
    // Only the first token: what follows may begin the next message.
    int[] end = plainTokenizer().encode(template.endOfAnswer().stripLeading());
    if (end.length > 0 && tokenizer().isSpecial(end[0])) {
      stops.add(end[0]);
    }
    return stops;
  }

  /** The template of conversations that comes with the model, if one does. */
  public Optional<ChatTemplate> chatTemplate() {
    return ChatTemplate.of(checkpoint.tokenizer());
  }

  /** The tokens that open and end a text, by their names in templates. */
  public Map<String, String> specialTokens() {
    Map<String, String> tokens = new LinkedHashMap<>();
    tokenizer().bos().ifPresent(id -> tokens.put("bos_token", tokenizer().token(id)));
    tokenizer().eos().ifPresent(id -> tokens.put("eos_token", tokenizer().token(id)));
    return tokens;
  }

  /** What the model's configuration describes. */
  public DecoderSpec spec() {
    if (spec == null) {
      spec = Architectures.spec(checkpoint);
    }
    return spec;
  }

  /** Tokens that the model takes at once; {@link Integer#MAX_VALUE} if nothing bounds them. */
  public int contextLength() {
    return spec().maxPositions();
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
