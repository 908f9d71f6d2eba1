package dev.ashlar.formats;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.PackedReader;
import dev.ashlar.formats.gguf.GgufCheckpoint;
import dev.ashlar.formats.layout.CompressedTensorsWeights;
import dev.ashlar.formats.layout.Fp8Weights;
import dev.ashlar.formats.layout.PackedCheckpoint;
import dev.ashlar.formats.layout.SmallFloatWeights;
import dev.ashlar.formats.safetensors.ModelFolder;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens a checkpoint of whatever kind. */
public final class Checkpoints {
  /** Every packed layout that can be read, tried in this order. */
  public static final List<PackedReader.Opener> PACKED =
      List.of(
          CompressedTensorsWeights::open,
          SmallFloatWeights::open,
          PackedCheckpoint::open,
          Fp8Weights::open);

  /** Every container, tried in this order. */
  public static final List<Container> ALL =
      List.of(GgufCheckpoint::open, path -> ModelFolder.open(path, PACKED));

  private Checkpoints() {}

  /** Opens a path if it is of one kind. */
  @FunctionalInterface
  public interface Container {
    /**
     * The open checkpoint, or empty if the path is of another kind.
     *
     * @throws InputException if it is of this kind but cannot be used
     */
    Optional<Checkpoint> open(Path path);
  }

  /**
   * Opens the checkpoint at {@code path}: a Hugging Face model folder, a {@code .safetensors} file
   * beside its {@code config.json}, or a GGUF file.
   *
   * @throws InputException if there is nothing there, nothing of a known kind, or something faulty
   */
  public static Checkpoint open(Path path) {
    if (path.toString().isEmpty()) {
      throw new InputException("a model is needed, and the name of its folder or file is empty");
    }
    if (!Files.exists(path)) {
      throw InputException.in(path).problem("no such file or folder").exception();
    }
    try {
      return opened(path);
    } catch (OutOfMemoryError e) {
      throw WholeFile.doesNotFit(path.toString(), "what describes the model", e);
    }
  }

  private static Checkpoint opened(Path path) {
    if (!Files.isDirectory(path)) {
      WholeFile.requireRegular(path);
    }
    for (Container container : ALL) {
      Optional<Checkpoint> checkpoint = container.open(path);
      if (checkpoint.isPresent()) {
        return checkpoint.get();
      }
    }
    throw InputException.in(path)
        .expected("a model folder, a .safetensors file beside its config.json, or a .gguf file")
        .found("a file of another kind")
        .exception();
  }
}
