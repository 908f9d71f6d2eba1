package dev.ashlar.cli.bench;

import dev.ashlar.cli.bench.report.BenchException;
import dev.ashlar.cli.bench.report.Spread;
import dev.ashlar.cli.bench.report.Transfer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Times cases: the first call of each by itself, and its answer compared; then each is called until
 * the JIT compiler has left it alone for a while, not for a fixed time, since vector code runs a
 * hundred times slower before; then all are timed in turn, and the median of the rounds counts.
 *
 * @param rounds odd, so that the median is one of them; of what takes long {@link #FEWEST} do
 * @param roundNanos least duration of a case in a round
 * @param quietNanos how long the compiler has to be idle
 * @param patienceNanos how long it is waited for at most
 */
record Stopwatch(int rounds, long roundNanos, long quietNanos, long patienceNanos) {
  /** Rounds below which there is no spread to speak of. */
  static final int FEWEST = 3;

  /** A call that fills so many rounds takes long. */
  private static final int LONG = 10;

  /** Slow calls are repeated, as many times as this and up to a time. */
  private static final int QUIET_CALLS = 3;

  private static final long QUIET_CALLS_NANOS = 1_500_000_000L;

  /**
   * The compiler is waited for so many times as long before a line of the processor as before a
   * device's: what the device runs is compiled before its first call returns, and what the host
   * does between two kernels is the same in all lines.
   */
  private static final int DEVICES_SHARE = 4;

  /** What became of a case. */
  sealed interface Outcome permits Timing, Missed {}

  /** What was found out about a case; times in seconds, as in a report's line. */
  record Timing(
      Spread seconds,
      double first,
      double warmUp,
      OptionalDouble relativeL2,
      Optional<Transfer> transfer)
      implements Outcome {}

  /**
   * Why nothing was found out.
   *
   * @param fault whether something failed, and not only took too long
   */
  record Missed(String reason, boolean fault) implements Outcome {}

  /** A case on its way. */
  private static final class Run {
    final Case of;
    double first;
    OptionalDouble relativeL2 = OptionalDouble.empty();
    double warmUp;
    double fastest = Double.POSITIVE_INFINITY;
    double[] times = {};
    Optional<Transfer> transfer = Optional.empty();
    NotMeasured missed;

    Run(Case of) {
      this.of = of;
    }

    /** Does a part of it, unless it was given up. */
    void part(String part, Runnable body) {
      if (missed == null) {
        try {
          of.limit().run(part, body);
        } catch (NotMeasured e) {
          missed = e;
        }
      }
    }

    void add(double seconds) {
      times = Arrays.copyOf(times, times.length + 1);
      times[times.length - 1] = seconds;
    }

    Outcome outcome() {
      return missed == null
          ? new Timing(Spread.of(times), first, warmUp, relativeL2, transfer)
          : new Missed(missed.getMessage(), missed.fault());
    }
  }

  /**
   * Times {@code cases} against each other.
   *
   * @param turn is called before each round
   * @return of each case, in their order
   * @throws BenchException if an answer is wrong
   */
  List<Outcome> measure(List<Case> cases, Runnable turn) {
    List<Run> runs = new ArrayList<>();
    for (Case c : cases) {
      Run run = new Run(c);
      run.part("its preparation", c::prepare);
      run.part("its first call", () -> run.first = time(c, 1));
      run.part("its comparison", () -> run.relativeL2 = compared(c));
      run.part("its warm-up", () -> warm(run));
      runs.add(run);
    }
    for (int r = 0; r < rounds; r++) {
      turn.run();
      for (Run run : runs) {
        if (r < FEWEST || run.fastest < LONG * roundNanos) {
          run.part("its rounds", () -> run.add(time(run.of, calls(run))));
        }
      }
    }
    for (Run run : runs) {
      run.part("its way back", () -> run.transfer = run.of.transfer().get());
    }
    return runs.stream().map(Run::outcome).toList();
  }

  private static OptionalDouble compared(Case c) {
    if (c.check().isEmpty()) {
      return OptionalDouble.empty();
    }
    Check check = c.check().get();
    double distance = check.relativeL2();
    if (!check.admits(distance)) {
      throw new BenchException(
          String.format(
              Locale.ROOT,
              "a wrong answer of %s: its relative L2 distance from the reference's is %.2g, at most"
                  + " %.2g is rounding; nothing is timed",
              c,
              distance,
              check.tolerance()));
    }
    return OptionalDouble.of(distance);
  }

  /** Calls until compiled. */
  private void warm(Run run) {
    long start = System.nanoTime();
    CompilerWatch compiler = new CompilerWatch();
    long quietSince = start;
    long now = start;
    long quiet = quietNanos;
    long patience = run.of.bound().ofDevice() ? patienceNanos / DEVICES_SHARE : patienceNanos;
    while (now - quietSince < quiet && now - start < patience) {
      run.of.run();
      long after = System.nanoTime();
      run.fastest = Math.min(run.fastest, after - now);
      quiet = Math.max(quietNanos, Math.min(QUIET_CALLS * (after - now), QUIET_CALLS_NANOS));
      now = after;
      run.of.limit().require(1e-9 * run.fastest, FEWEST);
      if (compiler.noticed()) {
        quietSince = now;
      }
    }
    run.warmUp = (now - start) * 1e-9;
  }

  /** How many fill a round. */
  private int calls(Run run) {
    return Math.clamp((long) Math.ceil(roundNanos / run.fastest), 1, 1_000_000);
  }

  private static double time(Case c, int calls) {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      c.run();
    }
    return (System.nanoTime() - start) * 1e-9 / calls;
  }
}
