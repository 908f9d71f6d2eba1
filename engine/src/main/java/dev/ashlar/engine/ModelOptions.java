package dev.ashlar.engine;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvPrecision;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model is run. Results do not depend on the number of threads.
 *
 * @param threads to compute with; empty for the process's number: one for each processor, or the
 *     system property {@code ashlar.threads}
 * @param backend which kernels: {@code reference}, {@code vector}…; empty for the process's choice
 * @param activations what packed weights are multiplied by
 * @param kvCache how keys and values of earlier tokens are kept
 */
public record ModelOptions(
    OptionalInt threads,
    Optional<String> backend,
    ActivationPrecision activations,
    KvPrecision kvCache) {
  public ModelOptions {
    if (threads.isPresent() && threads.getAsInt() < 1) {
      throw new IllegalArgumentException("threads must be at least 1: " + threads.getAsInt());
    }
  }

  /** The process's threads and backend, exact activations, exact keys and values. */
  public static ModelOptions defaults() {
    return new ModelOptions(
        OptionalInt.empty(), Optional.empty(), ActivationPrecision.FLOAT, KvPrecision.F32);
  }

  /** The same with so many threads. */
  public ModelOptions withThreads(int count) {
    return new ModelOptions(OptionalInt.of(count), backend, activations, kvCache);
  }

  /** The same with the backend of that name. */
  public ModelOptions withBackend(String name) {
    return new ModelOptions(threads, Optional.of(name), activations, kvCache);
  }

  /** The same with other activations. */
  public ModelOptions withActivations(ActivationPrecision other) {
    return new ModelOptions(threads, backend, other, kvCache);
  }

  /** The same with keys and values kept otherwise. */
  public ModelOptions withKvCache(KvPrecision other) {
    return new ModelOptions(threads, backend, activations, other);
  }

  /**
   * The backend that is meant.
   *
   * @throws IllegalArgumentException if there is none of that name here
   */
  Backend kernels() {
    return backend.map(Backends::named).orElseGet(Backends::chosen);
  }

  /** Runs {@code work} with these threads. */
  <T> T run(Parallel.Action<T> work) {
    return threads.isPresent() ? Parallel.limited(threads.getAsInt(), work) : work.run();
  }
}
