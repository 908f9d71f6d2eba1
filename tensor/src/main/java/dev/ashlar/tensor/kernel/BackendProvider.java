package dev.ashlar.tensor.kernel;

import java.util.Optional;

/** How a backend outside this module (a GPU) offers itself, through {@code ServiceLoader}. */
public interface BackendProvider {
  /** The name of the backend it would give. */
  String name();

  /** The backend, or empty if it cannot run here; then {@link #reason()} says why. */
  Optional<Backend> create();

  /** Why the backend is or is not available, in one line. */
  String reason();
}
