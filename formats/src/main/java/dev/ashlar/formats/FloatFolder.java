package dev.ashlar.formats;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.checkpoint.HeadTie;
import dev.ashlar.formats.checkpoint.ModelConfig;
import dev.ashlar.formats.safetensors.ModelPublication;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.formats.safetensors.TensorOutput;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes any checkpoint as a Hugging Face folder of float weights: configuration, {@code
 * model.safetensors} (sharded if large), generation settings and tokenizer.
 *
 * <p>A model that is replaced stays whole until the new one is, and an interrupted run leaves no
 * folder that a reader would accept for another; see {@link ModelPublication}.
 */
public final class FloatFolder {
  private static final String CONFIG = "config.json";

  private FloatFolder() {}

  /** Told of progress after each tensor. */
  @FunctionalInterface
  public interface Progress {
    /**
     * @param tensor the tensor just written
     * @param done tensors written
     * @param all tensors to write
     */
    void wrote(String tensor, int done, int all);
  }

  /**
   * The element type that loses nothing: that of a float checkpoint's own weights, F32 where they
   * are packed or block-quantized (a scale times a code seldom fits in half precision).
   */
  public static DType losslessType(Checkpoint source) {
    if (!source.quantizedNames().isEmpty()) {
      return DType.F32;
    }
    DType widest = null;
    for (String name : source.names()) {
      StoredTensor t = source.tensor(name);
      boolean matrix = t.dtype().isFloat() && t.shape().rank() > 1;
      if (matrix && !t.storage().equals(t.dtype().name())) {
        return DType.F32;
      }
      if (matrix) {
        widest = widest == null || widest == t.dtype() ? t.dtype() : DType.F32;
      }
    }
    return widest == DType.F16 || widest == DType.BF16 ? widest : DType.F32;
  }

  /**
   * Writes {@code source} to {@code folder}.
   *
   * @param dtype F32, F16 or BF16, for all float tensors; empty for {@link #losslessType}
   * @param overwrite whether a model in the folder may be replaced
   * @return the files of weights
   * @throws InputException if the folder holds a model that may not be replaced, something cannot
   *     be read or written, or a value does not fit
   */
  public static List<Path> write(
      Checkpoint source, Path folder, Optional<DType> dtype, boolean overwrite, Progress progress) {
    DType type = dtype.orElseGet(() -> losslessType(source));
    if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
      throw new IllegalArgumentException("weights are written as F32, F16 or BF16, not " + type);
    }
    source.requireTarget(folder);
    ModelPublication.requireRoom(folder, overwrite);
    boolean made = !Files.exists(folder);
    boolean done = false;
    try (SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      weights(source, writer, type, progress);
      // Again, since somebody may have put a model here while this one was made.
      ModelPublication.requireRoom(folder, overwrite);
      List<Path> files =
          ModelPublication.publish(
              folder,
              writer,
              ready -> {
                source.writeSideFiles(ready);
                AtomicFile.write(ready.resolve(CONFIG), JsonWriter.pretty(config(source, type)));
              });
      done = true;
      return files;
    } finally {
      if (made && !done) {
        AtomicFile.delete(folder);
      }
    }
  }

  private static void weights(
      Checkpoint source, SafetensorsWriter writer, DType type, Progress progress) {
    int all = source.names().size() + source.quantizedNames().size();
    int done = 0;
    for (String name : source.names()) {
      writer.convert(source.tensor(name), type);
      progress.wrote(name, ++done, all);
    }
    for (String module : source.quantizedNames()) {
      String name = module + ".weight";
      dense(writer, name, source.quantized(module).orElseThrow(), type);
      progress.wrote(name, ++done, all);
    }
  }

  private static void dense(
      SafetensorsWriter writer, String name, QuantizedMatrix packed, DType type) {
    try (TensorOutput out = writer.begin(name, type, Shape.of(packed.out(), packed.in()))) {
      float[] data = packed.dequantize().data();
      out.floats(data, 0, packed.out() * packed.in());
    }
  }

  /** The source's configuration, saying of the copy what it is. */
  private static Map<String, Object> config(Checkpoint source, DType type) {
    return ModelConfig.rewritten(HeadTie.settled(source.config(), source), type, null);
  }
}
