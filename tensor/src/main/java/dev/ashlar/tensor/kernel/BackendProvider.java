package dev.ashlar.tensor.kernel;

/**
 * How a backend offers itself, through {@code ServiceLoader}: those of this module and those of
 * others (a GPU) stand on the same list. A provider must load where its backend cannot run; only
 * {@link #backend()} may touch classes that are not always there.
 */
public interface BackendProvider {
  /** The name of its backend, as {@link Backend#name()}. */
  String name();

  /**
   * How fast it is where it runs, compared with others: the definition is at 0, the Vector API at
   * 100, a device above. Of those that are {@linkplain Availability.Ready ready} the highest is
   * chosen.
   */
  int priority();

  /** Whether the backend can run in this process; cheap, and the same at every call. */
  Availability availability();

  /**
   * The backend: the same object at every call. Called only unless it is {@linkplain
   * Availability.Absent absent}.
   */
  Backend backend();
}
