package dev.ashlar.bench.peers;

import dev.ashlar.tensor.Parallel;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Both sides of a contest in turn. Between them is a pause in which the threads of either stop
 * spinning.
 *
 * @param rounds odd
 * @param seconds each side works at least that long in a round
 */
record Duel(int rounds, double seconds) {
  private static final long PAUSE_MILLIS = 250;

  /** A call of this length before anything counts, and again until the JIT compiler rests. */
  private static final double WARM_SECONDS = 0.7;

  private static final int MOST_WARMINGS = 30;

  /**
   * Medians over the rounds.
   *
   * @param ours seconds of one call
   * @param theirs seconds of one call
   * @param ratio median of theirs / ours of each round: above 1 Ashlar is faster
   * @param low smallest ratio
   * @param high largest ratio
   */
  record Outcome(double ours, double theirs, double ratio, double low, double high) {
    /** Of what each round gave. */
    static Outcome of(double[] ours, double[] theirs, double[] ratios) {
      return new Outcome(
          median(ours),
          median(theirs),
          median(ratios),
          Arrays.stream(ratios).min().orElseThrow(),
          Arrays.stream(ratios).max().orElseThrow());
    }

    private static double median(double[] values) {
      double[] sorted = values.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }

  /** Fights it out, once the results agree. */
  Outcome fight(Contest contest, PeerProcess peer) {
    double[] expected = peer.prepare(contest.request());
    Contest.Side side = contest.ours().get();
    warm(contest, side);
    agree(contest, expected, Numbers.samples(side.result().get()));
    peer.run(WARM_SECONDS);
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] ratios = new double[rounds];
    for (int r = 0; r < rounds; r++) {
      pause();
      ours[r] = time(contest, side, seconds);
      pause();
      theirs[r] = peer.run(seconds);
      ratios[r] = theirs[r] / ours[r];
    }
    return Outcome.of(ours, theirs, ratios);
  }

  /** Vector code runs a hundred times slower until it is compiled, which no fixed time ensures. */
  private static void warm(Contest contest, Contest.Side side) {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    long before;
    int warmings = 0;
    do {
      before = compiler.getTotalCompilationTime();
      time(contest, side, WARM_SECONDS);
      warmings++;
    } while (compiler.getTotalCompilationTime() != before && warmings < MOST_WARMINGS);
  }

  private static double time(Contest contest, Contest.Side side, double least) {
    return Parallel.limited(
        contest.threads(),
        () -> {
          int calls = 0;
          long start = System.nanoTime();
          double elapsed;
          do {
            side.work().run();
            calls += side.calls();
            elapsed = (System.nanoTime() - start) * 1e-9;
          } while (elapsed < least);
          return elapsed / calls;
        });
  }

  private static void agree(Contest contest, double[] expected, double[] found) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(expected[i] - found[i]) <= contest.tolerance() * largest)) {
        throw new IllegalStateException(
            contest.name()
                + ": "
                + contest.peer().title()
                + " computes "
                + expected[i]
                + " where Ashlar computes "
                + found[i]);
      }
    }
  }

  static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
