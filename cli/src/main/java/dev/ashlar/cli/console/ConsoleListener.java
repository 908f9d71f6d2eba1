package dev.ashlar.cli.console;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import java.time.Duration;

/**
 * Tells a person how a job goes: notes and warnings as lines, stages as a progress line.
 *
 * @param console where to
 */
public record ConsoleListener(Console console) implements JobListener {
  private static final Duration WORTH_ANNOUNCING = Duration.ofSeconds(10);

  @Override
  public void note(String sentence) {
    console.note("ashlar: " + sentence);
  }

  @Override
  public void warning(String sentence) {
    console.note("ashlar: warning: " + sentence);
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
    return new ProgressLine(console, label, total);
  }
}
