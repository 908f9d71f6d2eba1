package dev.ashlar.cli.console;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import java.time.Duration;

/** Tells a person how a job goes: notes and warnings as lines, stages as {@link Console#begin}. */
public final class ConsoleListener implements JobListener {
  private static final Duration WORTH_ANNOUNCING = Duration.ofSeconds(10);

  private final Console console;
  private final long start = System.nanoTime();

  /** One that tells {@code console} of a job that begins now. */
  public ConsoleListener(Console console) {
    this.console = console;
  }

  @Override
  public void note(String sentence) {
    say("ashlar: " + sentence);
  }

  @Override
  public void warning(String sentence) {
    say("ashlar: warning: " + sentence);
  }

  /** In place of a progress line, if one is being drawn: it is drawn again below. */
  private void say(String line) {
    console.note(console.terminal() ? "\r\u001b[K" + line : line);
  }

  @Override
  public void estimated(int layers, String method, Duration time) {
    if (time.compareTo(WORTH_ANNOUNCING) >= 0) {
      note(
          "tuning "
              + layers
              + " layers with "
              + method
              + " will take about "
              + Figures.seconds(time.toMillis() / 1e3)
              + " on this machine; if it is interrupted, the same command goes on where it was");
    }
  }

  @Override
  public Stage begin(String label, double total) {
    return console.begin(label, total, start);
  }
}
