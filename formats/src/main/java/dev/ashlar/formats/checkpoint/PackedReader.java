package dev.ashlar.formats.checkpoint;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The quantized linear maps of one open checkpoint: what a packed layout offers to the checkpoint
 * that found it. The readers a checkpoint tries are listed in {@link Checkpoints#PACKED}.
 */
public interface PackedReader {
  /** Module names (without {@code .weight}) of all linear maps stored as integer codes. */
  Set<String> modules();

  /** Names of all stored tensors that are parts of a packed map; the checkpoint hides them. */
  Set<String> parts();

  /**
   * Decodes one of {@link #modules()}.
   *
   * @throws InputException if its parts contradict each other or the configuration
   */
  QuantizedMatrix read(String module);

  /** The extents {@code [out, in]} of one of {@link #modules()}. */
  default Shape shape(String module) {
    QuantizedMatrix read = read(module);
    return Shape.of(read.out(), read.in());
  }

  /**
   * Dense tensors that this layout makes out of parts: for low-precision float layouts, where there
   * are no integer codes, {@code name.weight} widened on reading. Listed among the checkpoint's
   * names.
   */
  default Map<String, StoredTensor> widened() {
    return Map.of();
  }

  /** Recognises a packed layout and opens it. */
  @FunctionalInterface
  interface Opener {
    /**
     * A reader for the checkpoint, or empty if it is not of this layout.
     *
     * @param quantization the quantization configuration found in {@code config.json} or beside it;
     *     empty if there is none, in which case only the tensors can tell
     * @param tensors the checkpoint's stored tensors
     * @throws InputException if the layout is recognised but its configuration or tensors are
     *     unusable
     */
    Optional<PackedReader> open(Map<String, Object> quantization, StoredTensors tensors);
  }
}
