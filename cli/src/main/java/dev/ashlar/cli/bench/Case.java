package dev.ashlar.cli.bench;

import dev.ashlar.cli.bench.report.Transfer;
import dev.ashlar.tensor.Parallel;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One thing to measure.
 *
 * @param name what it does, on which sizes
 * @param backend whose kernel it is
 * @param bound what should limit it
 * @param work billions of operations or bytes of one call, in the bound's unit
 * @param preparation what its first call needs; not timed
 * @param check what its answer is held against
 * @param transfer what its operands' and its result's ways to and from a device took, asked for
 *     after it was timed
 * @param limit how long all of this may take
 */
record Case(
    String name,
    String backend,
    int threads,
    Bound bound,
    double work,
    Runnable body,
    Runnable preparation,
    Optional<Check> check,
    Supplier<Optional<Transfer>> transfer,
    Limit limit) {

  /** One that needs nothing and has nothing to be held against. */
  Case(String name, String backend, int threads, Bound bound, double work, Runnable body) {
    this(
        name,
        backend,
        threads,
        bound,
        work,
        body,
        () -> {},
        Optional.empty(),
        Optional::empty,
        Limit.NONE);
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
        reference ? Optional.empty() : Optional.of(against),
        transfer,
        limit);
  }

  /** The same with something that is done before, once. */
  Case prepared(Runnable before) {
    return new Case(name, backend, threads, bound, work, body, before, check, transfer, limit);
  }

  /** The same with operands that travel, once, and a result that does. */
  Case moving(Supplier<Transfer> ways) {
    return new Case(
        name,
        backend,
        threads,
        bound,
        work,
        body,
        preparation,
        check,
        () -> Optional.of(ways.get()),
        limit);
  }

  /** The same that is given up when its time is up. */
  Case within(Limit other) {
    return new Case(name, backend, threads, bound, work, body, preparation, check, transfer, other);
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
