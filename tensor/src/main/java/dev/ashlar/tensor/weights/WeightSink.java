package dev.ashlar.tensor.weights;

import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.QuantizedMatrix;

/**
 * The writing end of a checkpoint: takes back what a {@link WeightSource} gives. Each name is
 * written once; nothing is visible under the final names until {@link #finish()}.
 */
public interface WeightSink extends AutoCloseable {
  /** Writes a float tensor, converting it to the sink's float type for that tensor. */
  void tensor(String name, Tensor tensor);

  /** Copies a stored tensor unchanged, byte for byte where the container allows it. */
  void copy(StoredTensor tensor);

  /** Writes a packed linear map under its module name (without {@code .weight}). */
  void quantized(String module, QuantizedMatrix tensor);

  /** Publishes everything: syncs, renames, writes indices. */
  void finish();

  /** Releases resources; without a preceding {@link #finish()} removes what was written. */
  @Override
  void close();
}
