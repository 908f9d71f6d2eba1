package dev.ashlar.cli.console;

import dev.ashlar.engine.job.Stage;
import java.util.Locale;

/**
 * One line on standard error that shows how far a long piece of work is and how long it will still
 * take. Silent unless standard error is a terminal, and for work that ends within half a second.
 *
 * <p>Drawn by whoever calls {@link #at}, so it needs no thread of its own.
 */
public final class ProgressLine implements Stage {
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
   */
  public ProgressLine(Console console, String label, double total) {
    this.console = console;
    this.label = label;
    this.total = total;
  }

  @Override
  public void at(double done, String detail) {
    double elapsed = (System.nanoTime() - start) / 1e9;
    at(done, done <= 0 ? Double.NaN : elapsed * (total - done) / done, detail);
  }

  @Override
  public void at(double done, double secondsLeft, String detail) {
    long now = System.nanoTime();
    if (!console.terminal() || now < nextDraw) {
      return;
    }
    nextDraw = now + REDRAW_NANOS;
    drawn = true;
    double share = total <= 0 ? 1 : Math.clamp(done / total, 0.0, 1.0);
    int filled = (int) (share * BAR);
    StringBuilder line = new StringBuilder(WIDTH);
    line.append(label).append(" [").repeat("█", filled).repeat("·", BAR - filled).append("] ");
    line.append(String.format(Locale.ROOT, "%3d%%", (int) (share * 100)));
    line.append(Double.isNaN(secondsLeft) ? "" : "  " + Figures.seconds(secondsLeft) + " left");
    line.append(detail.isEmpty() ? "" : "  " + detail);
    String visible = line.length() > WIDTH ? line.substring(0, WIDTH) : line.toString();
    console.err().print("\r" + visible + "\u001b[K");
    console.err().flush();
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
