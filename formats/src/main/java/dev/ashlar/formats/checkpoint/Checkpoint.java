package dev.ashlar.formats.checkpoint;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.text.TokenizerSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A model on disk, open for reading: its configuration and weights ({@link WeightSource}), and what
 * lies beside them. Opened by {@link Checkpoints#open}; keeps its files open until it is closed,
 * and may be read by several threads.
 */
public abstract class Checkpoint implements WeightSource {
  private final AtomicReference<CheckpointNotes> notes = new AtomicReference<>();

  /** For containers; nothing is open yet. */
  protected Checkpoint() {}

  /** The model folder, or the file where the model is a single file. */
  public abstract Path path();

  /**
   * The names of all dense tensors, file by file in the order of the files: what lies in one file
   * can be read in one go.
   */
  public List<List<String>> shards() {
    return List.of(List.copyOf(names()));
  }

  /** The container's name: {@code safetensors}, {@code gguf}. */
  public abstract String kind();

  /**
   * Whether the container gives tensors different float types to save room, so that in a copy the
   * type that the configuration states counts and not each tensor's own.
   */
  public boolean mixesFloatTypes() {
    return false;
  }

  /** Where the tokenizer is described. */
  public abstract TokenizerSource tokenizer();

  /**
   * Bytes of all stored parts of the packed linear map of that module name: codes, scales, zero
   * points and what else there is; 0 if there is no such map.
   */
  public long quantizedBytes(String module) {
    return 0;
  }

  /** The settings that the model comes with for generating, as plain values; empty if none. */
  public Map<String, Object> generationConfig() {
    return Map.of();
  }

  /**
   * Writes into {@code folder} whatever a Hugging Face model folder has beside its configuration
   * and weights: tokenizer, chat template, generation settings, processor settings and custom code.
   * Files are copied where the checkpoint has them and rebuilt where a container holds the same
   * facts in another form. Each is published whole; existing ones are replaced.
   *
   * @throws InputException if a file cannot be read or written
   */
  public abstract void writeSideFiles(Path folder);

  /**
   * Refuses, before any work, to write a copy of the model to a folder: one that the model is read
   * from ({@link #requireApart}), or any if what lies beside the weights cannot be copied.
   *
   * @throws InputException naming the folder or the file at fault
   */
  public void requireTarget(Path folder) {
    requireApart(folder);
  }

  /**
   * Refuses a folder that this checkpoint is read from: its own under whatever name or link, one
   * inside it, or one that its files are links to.
   *
   * @throws InputException if it is one of these
   */
  public final void requireApart(Path folder) {
    Origin.requireApart(path(), folder);
  }

  @Override
  public String description() {
    return path().toString();
  }

  /** Logged as a warning. */
  @Override
  public void note(String kind, String sentence) {
    notes().tell(kind, sentence);
  }

  /** What was told of this checkpoint. */
  public CheckpointNotes notes() {
    notes.compareAndSet(null, new CheckpointNotes(description()));
    return notes.get();
  }

  /** From now on, what was told of {@code original}, of which this is a copy, is not told again. */
  public final void isCopyOf(Checkpoint original) {
    notes.set(original.notes().ofCopy(description()));
  }

  @Override
  public StoredTensor tensor(String name) {
    return find(name)
        .orElseThrow(
            () ->
                InputException.in(path())
                    .place(name)
                    .problem("no such tensor")
                    .hint("the checkpoint is incomplete or of another architecture")
                    .exception());
  }

  @Override
  public InputException fault(String tensor, String expected, String found, String hint) {
    return InputException.in(path())
        .place(tensor)
        .expected(expected)
        .found(found)
        .hint(hint)
        .exception();
  }
}
