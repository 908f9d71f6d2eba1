package dev.ashlar.bench.guard;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Measures {@link GuardFigure#ALL} and says which got slower than recorded: by more than a tenth,
 * and by more than its own rounds differ.
 *
 * <p>Arguments: the file of records, {@code record} to write those of this machine into it instead
 * of comparing, or parts of names of figures. Exits with 1 if something got slower.
 */
public final class Guard {
  private static final int ROUNDS = 9;
  private static final double SLOWER = 1.1;
  private static final String RECORD = "record";

  /** Least seconds of a yardstick, on either side of a figure, and of a figure. */
  private static final double YARDSTICK = 0.04;

  private static final double FIGURE = 0.12;

  /** A call of this length before anything counts, and again until the JIT compiler rests. */
  private static final double WARM = 0.5;

  private static final int MOST_WARMINGS = 30;
  private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

  private Guard() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    Records records = Records.read(Path.of(args[0]), machine());
    boolean record = args.length == 2 && args[1].equals(RECORD);
    List<GuardFigure> figures =
        GuardFigure.ALL.stream()
            .filter(f -> record || Arrays.stream(args).skip(1).allMatch(f.name()::contains))
            .toList();
    System.out.println(Backends.reason() + "; one thread, figures by their yardsticks");
    boolean slower = false;
    List<Measured> all = new ArrayList<>();
    for (GuardFigure figure : figures) {
      Measured measured = measured(figure);
      Optional<Double> before = records.of(figure.name());
      slower |= before.isPresent() && isSlower(measured, before.get());
      System.out.println(line(measured, before));
      all.add(measured);
    }
    if (record) {
      records.with(all).write();
    } else if (all.stream().noneMatch(m -> records.of(m.name()).isPresent())) {
      System.out.println(
          "nothing is recorded for " + machine() + ": run it with 'record' on a quiet machine");
    }
    System.exit(!record && slower ? 1 : 0);
  }

  /** What figures are comparable on: the architecture, and how wide its vectors are. */
  private static String machine() {
    int bits = Float.SIZE * Backends.chosen().probe().width();
    return System.getProperty("os.arch") + " " + bits;
  }

  /**
   * A figure by its yardstick.
   *
   * @param ratio the median of the rounds
   * @param low of them
   * @param high of them
   */
  record Measured(String name, double ratio, double low, double high) {}

  /** Whether it is slower than it was, and not only in some rounds. */
  static boolean isSlower(Measured now, double before) {
    return now.ratio() > SLOWER * before && now.low() > before;
  }

  private static String line(Measured m, Optional<Double> before) {
    String change =
        before
            .map(
                b ->
                    String.format(
                        Locale.ROOT,
                        "  %5.2f of the time before%s",
                        m.ratio() / b,
                        isSlower(m, b) ? "  SLOWER" : ""))
            .orElse("  not recorded");
    return String.format(
        Locale.ROOT, "%-36s%12.4f (%.4f–%.4f)%s", m.name(), m.ratio(), m.low(), m.high(), change);
  }

  private static Measured measured(GuardFigure figure) {
    return Parallel.limited(
        1,
        () -> {
          Runnable work = figure.work().get();
          Runnable yardstick = figure.yardstick().work();
          warm(yardstick);
          warm(work);
          double[] ratios = new double[ROUNDS];
          for (int r = 0; r < ROUNDS; r++) {
            double before = seconds(yardstick, YARDSTICK);
            double own = seconds(work, FIGURE);
            double after = seconds(yardstick, YARDSTICK);
            ratios[r] = 2 * own / (before + after);
          }
          Arrays.sort(ratios);
          return new Measured(figure.name(), ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
        });
  }

  /** Vector code runs a hundred times slower until it is compiled, which no fixed time ensures. */
  private static void warm(Runnable work) {
    long compiled;
    int warmings = 0;
    do {
      compiled = COMPILER.getTotalCompilationTime();
      seconds(work, WARM);
      warmings++;
    } while (COMPILER.getTotalCompilationTime() != compiled && warmings < MOST_WARMINGS);
  }

  /** Seconds of one call. */
  private static double seconds(Runnable work, double least) {
    int calls = 0;
    long start = System.nanoTime();
    double elapsed;
    do {
      work.run();
      calls++;
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < least);
    return elapsed / calls;
  }
}
