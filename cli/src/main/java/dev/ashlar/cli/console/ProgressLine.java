package dev.ashlar.cli.console;

import dev.ashlar.engine.job.Stage;
import java.util.Locale;

/**
 * One line on a terminal that shows how far a long piece of work is and how long it will still
 * take. Silent for work that ends within half a second.
 *
 * <p>Drawn by whoever calls {@link #at}, so it needs no thread of its own.
 */
final class ProgressLine implements Stage {
  private static final long FIRST_NANOS = 500_000_000L;
  private static final long REDRAW_NANOS = 100_000_000L;
  private static final int BAR = 24;
  private static final int WIDTH = 79;

  private final Console console;
  private final String label;
  private final double total;
  private final long start = System.nanoTime();
  private long nextDraw = start + FIRST_NANOS;
  private boolean drawn;

  /**
   * Begins a piece of work.
   *
   * @param total amount of work, in the unit that {@link #at} counts in
   * @param since when the run began that this is a part of, by {@link System#nanoTime}
   */
  ProgressLine(Console console, String label, double total, long since) {
    this.console = console;
    this.label = label;
    this.total = total;
    // Some work says nothing before it is done: then at least what it is.
    if (start - since >= FIRST_NANOS) {
      draw(label + "…");
    }
  }

  @Override
  public void at(double done, String detail) {
    double elapsed = (System.nanoTime() - start) / 1e9;
    at(done, done <= 0 ? Double.NaN : elapsed * (total - done) / done, detail);
  }

  @Override
  public void at(double done, double secondsLeft, String detail) {
    long now = System.nanoTime();
    if (now < nextDraw) {
      return;
    }
    nextDraw = now + REDRAW_NANOS;
    double share = total <= 0 ? 1 : Math.clamp(done / total, 0.0, 1.0);
    int filled = (int) (share * BAR);
    StringBuilder line = new StringBuilder(WIDTH);
    line.append(label).append(" [").repeat("█", filled).repeat("·", BAR - filled).append("] ");
    line.append(String.format(Locale.ROOT, "%3d%%", (int) (share * 100)));
    line.append(Double.isNaN(secondsLeft) ? "" : "  " + Figures.seconds(secondsLeft) + " left");
    line.append(detail.isEmpty() ? "" : "  " + detail);
    draw(line.toString());
  }

  private void draw(String line) {
    String visible = line.length() > WIDTH ? line.substring(0, WIDTH) : line;
    console.err().print("\r" + visible + "\u001b[K");
    console.err().flush();
    drawn = true;
  }

  /** Removes the line. */
  @Override
  public void close() {
    if (drawn) {
      console.err().print("\r\u001b[K");
      console.err().flush();
    }
  }
}
