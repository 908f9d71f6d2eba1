package dev.ashlar.engine;

import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * Passes on how a job goes, and ends it as soon as that is wished for, or its thread is
 * interrupted.
 */
record CancellableListener(JobListener inner, Cancellation cancellation) implements JobListener {
  @Override
  public void note(String sentence) {
    inner.note(sentence);
  }

  @Override
  public void warning(String sentence) {
    inner.warning(sentence);
  }

  @Override
  public boolean cancelled() {
    return inner.cancelled() || ended();
  }

  private boolean ended() {
    return cancellation.isCancelled() || Thread.currentThread().isInterrupted();
  }

  private void check() {
    if (ended()) {
      throw new CancellationException("cancelled");
    }
  }

  @Override
  public void estimated(int layers, String method, Duration time) {
    inner.estimated(layers, method, time);
  }

  @Override
  public Stage begin(String label, double total) {
    check();
    Stage stage = inner.begin(label, total);
    return new Stage() {
      @Override
      public void at(double done, double secondsLeft, String detail) {
        check();
        stage.at(done, secondsLeft, detail);
      }

      @Override
      public void at(double done, String detail) {
        check();
        stage.at(done, detail);
      }

      @Override
      public void finished(double secondsLeft, String outcome) {
        stage.finished(secondsLeft, outcome);
      }

      @Override
      public void close() {
        stage.close();
      }
    };
  }
}
