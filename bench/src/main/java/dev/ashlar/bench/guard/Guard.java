package dev.ashlar.bench.guard;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Measures {@link GuardFigure#ALL} and says which got slower than recorded: by more than a tenth,
 * at its best and in the middle of its rounds. Rounds of all figures take turns, so that a minute
 * in which the machine does something else is no figure's own.
 *
 * <p>Arguments: the file of records, {@code record} to write those of this machine into it instead
 * of comparing, or parts of names of figures. Exits with 1 if something got slower.
 */
public final class Guard {
  private static final int ROUNDS = 15;
  private static final double SLOWER = 1.1;
  private static final String RECORD = "record";

  /** Least seconds of a yardstick, on either side of a figure, and of a figure. */
  private static final double YARDSTICK = 0.04;

  private static final double FIGURE = 0.1;

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
    List<Measured> all = Parallel.limited(1, () -> measured(figures));
    for (Measured measured : all) {
      Optional<Measured> before = records.of(measured.name());
      slower |= before.isPresent() && isSlower(measured, before.get());
      System.out.println(line(measured, before));
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
   * @param best the shortest of its times by the shortest of the yardstick's
   * @param median of the rounds' ratios
   */
  record Measured(String name, double best, double median) {}

  /** Whether it is slower than it was, and not only for as long as something else went on. */
  static boolean isSlower(Measured now, Measured before) {
    return now.best() > SLOWER * before.best() && now.median() > SLOWER * before.median();
  }

  private static String line(Measured m, Optional<Measured> before) {
    String change =
        before
            .map(
                b ->
                    String.format(
                        Locale.ROOT,
                        "  %5.2f and %.2f of the time before%s",
                        m.best() / b.best(),
                        m.median() / b.median(),
                        isSlower(m, b) ? "  SLOWER" : ""))
            .orElse("  not recorded");
    return String.format(
        Locale.ROOT, "%-36s%12.4f at best,%12.4f%s", m.name(), m.best(), m.median(), change);
  }

  private static List<Measured> measured(List<GuardFigure> figures) {
    Map<Yardstick, Runnable> yardsticks = new EnumMap<>(Yardstick.class);
    List<Runnable> works = new ArrayList<>();
    for (GuardFigure figure : figures) {
      yardsticks.computeIfAbsent(figure.yardstick(), Guard::warmed);
      Runnable work = figure.work().get();
      warm(work);
      works.add(work);
    }
    int n = figures.size();
    double[][] own = new double[n][ROUNDS];
    double[][] fixed = new double[n][ROUNDS];
    double[][] ratios = new double[n][ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
      for (int i = 0; i < n; i++) {
        Runnable yardstick = yardsticks.get(figures.get(i).yardstick());
        double before = seconds(yardstick, YARDSTICK);
        own[i][r] = seconds(works.get(i), FIGURE);
        double after = seconds(yardstick, YARDSTICK);
        fixed[i][r] = Math.min(before, after);
        ratios[i][r] = 2 * own[i][r] / (before + after);
      }
    }
    List<Measured> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Arrays.sort(own[i]);
      Arrays.sort(fixed[i]);
      Arrays.sort(ratios[i]);
      all.add(new Measured(figures.get(i).name(), own[i][0] / fixed[i][0], ratios[i][ROUNDS / 2]));
    }
    return all;
  }

  private static Runnable warmed(Yardstick yardstick) {
    Runnable work = yardstick.work();
    warm(work);
    return work;
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
