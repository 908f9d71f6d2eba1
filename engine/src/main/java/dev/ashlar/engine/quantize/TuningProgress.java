package dev.ashlar.engine.quantize;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.tuning.Progress;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.method.Budget;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Passes on what a run says to the listener of the job and to its stage. */
final class TuningProgress implements RunListener {
  private final JobListener listener;
  private final Stage stage;
  private final int units;
  private final Consumer<Budget.Numbers> settled;

  /**
   * @param units how many there are, work on all of them among them
   * @param settled is told what a time came to
   */
  TuningProgress(JobListener listener, Stage stage, int units, Consumer<Budget.Numbers> settled) {
    this.listener = listener;
    this.stage = stage;
    this.units = units;
    this.settled = settled;
  }

  @Override
  public void progress(Progress p) {
    String loss = Double.isNaN(p.loss()) ? "" : String.format(Locale.ROOT, ", loss %.3g", p.loss());
    stage.at(
        p.fraction(),
        seconds(p.remaining()),
        "block " + (p.unit() + 1) + " of " + p.units() + loss);
  }

  private static double seconds(Optional<Duration> remaining) {
    return remaining.map(d -> d.toMillis() / 1e3).orElse(Double.NaN);
  }

  @Override
  public void settled(Budget.Numbers numbers) {
    settled.accept(numbers);
  }

  @Override
  public boolean cancelled() {
    return listener.cancelled();
  }

  @Override
  public void unitFinished(UnitReport report, Optional<Duration> remaining) {
    if (report.resumed() && report.index() == 0) {
      listener.note("going on with the work of an earlier run");
    }
    stage.finished(seconds(remaining), outcome(report));
  }

  private String outcome(UnitReport report) {
    String place = report.name() + " (" + (report.index() + 1) + " of " + units + "): ";
    if (report.resumed()) {
      return place + "taken from the earlier run";
    }
    return place
        + report
            .history()
            .map(
                h ->
                    String.format(
                        Locale.ROOT, "loss %.3g before, %.3g after", h.firstLoss(), h.bestLoss()))
            .orElseGet(() -> done(report));
  }

  private static String done(UnitReport report) {
    if (report.layers() == 0 && report.figures().isEmpty()) {
      return "nothing to quantize";
    }
    return report.layers() > 0
        ? report.layers() + " layers quantized"
        : report.figures().entrySet().stream()
            .map(f -> String.format(Locale.ROOT, "%s %.4g", f.getKey(), f.getValue()))
            .collect(Collectors.joining(", "));
  }

  @Override
  public void warning(String sentence) {
    listener.warning(sentence);
  }
}
