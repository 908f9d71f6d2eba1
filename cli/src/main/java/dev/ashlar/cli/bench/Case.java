package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;
import java.util.Optional;

/**
 * One thing to measure.
 *
 * @param name what it does, on which sizes
 * @param backend whose kernel it is
 * @param bound what should limit it
 * @param work billions of operations or bytes of one call, in the bound's unit
 * @param preparation what its first call needs; not timed
 * @param check what its answer is held against
 */
record Case(
    String name,
    String backend,
    int threads,
    Bound bound,
    double work,
    Runnable body,
    Runnable preparation,
    Optional<Check> check) {

  /** One that needs nothing and has nothing to be held against. */
  Case(String name, String backend, int threads, Bound bound, double work, Runnable body) {
    this(name, backend, threads, bound, work, body, () -> {}, Optional.empty());
  }

  /** The same, its answer held against another one; the reference's own is held against none. */
  Case checked(Check against) {
    boolean reference = backend.equals("reference");
    return new Case(
        name,
        backend,
        threads,
        bound,
        work,
        body,
        preparation,
        reference ? Optional.empty() : Optional.of(against));
  }

  /** The same with something that is done before, once. */
  Case prepared(Runnable before) {
    return new Case(name, backend, threads, bound, work, body, before, check);
  }

  /** Does the work once. */
  void run() {
    limited(body);
  }

  /** Does what the first call needs. */
  void prepare() {
    limited(preparation);
  }

  private void limited(Runnable part) {
    Parallel.limited(
        threads,
        () -> {
          part.run();
          return null;
        });
  }

  @Override
  public String toString() {
    return name + " by " + backend + " on " + threads + (threads == 1 ? " thread" : " threads");
  }
}
