package dev.ashlar.cli.bench;

import dev.ashlar.tensor.Parallel;

/**
 * One thing to measure.
 *
 * @param name what it does, on which sizes
 * @param backend whose kernel it is
 * @param bound what should limit it
 * @param work billions of operations or bytes of one call, in the bound's unit
 */
record Case(String name, String backend, int threads, Bound bound, double work, Runnable body) {
  /** Does the work once. */
  void run() {
    Parallel.limited(
        threads,
        () -> {
          body.run();
          return null;
        });
  }
}
