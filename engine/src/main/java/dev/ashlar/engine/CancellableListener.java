package dev.ashlar.engine;

import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import java.time.Duration;

/** Passes on how a job goes, and ends it as soon as that is wished for. */
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
    return inner.cancelled() || cancellation.isCancelled();
  }

  @Override
  public void estimated(int layers, String method, Duration time) {
    inner.estimated(layers, method, time);
  }

  @Override
  public Stage begin(String label, double total) {
    cancellation.check();
    Stage stage = inner.begin(label, total);
    return new Stage() {
      @Override
      public void at(double done, double secondsLeft, String detail) {
        cancellation.check();
        stage.at(done, secondsLeft, detail);
      }

      @Override
      public void at(double done, String detail) {
        cancellation.check();
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
