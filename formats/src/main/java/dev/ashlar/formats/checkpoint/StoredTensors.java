package dev.ashlar.formats.checkpoint;

import dev.ashlar.tensor.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The tensors of a checkpoint exactly as its files name them, packed parts and all. */
public interface StoredTensors {
  /** The model folder or file, for messages. */
  Path path();

  /** The model's configuration, as in {@code config.json}. */
  Map<String, Object> config();

  /** Names of all stored tensors, in a stable order. */
  Set<String> names();

  /** The stored tensor of that name, or empty. */
  Optional<StoredTensor> find(String name);
}
