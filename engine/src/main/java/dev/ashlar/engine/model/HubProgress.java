package dev.ashlar.engine.model;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.formats.hub.HubListener;

/**
 * Tells the listener of a job how a download goes.
 *
 * @param job hears of it
 */
public record HubProgress(JobListener job) implements HubListener {
  @Override
  public void note(String sentence) {
    job.note(sentence);
  }

  @Override
  public boolean cancelled() {
    return job.cancelled();
  }

  @Override
  public Progress begin(String what, long bytes) {
    Stage stage = job.begin("downloading " + what, bytes);
    return new Progress() {
      @Override
      public void at(long there, String file) {
        stage.at(there, file);
      }

      @Override
      public void finished(String file) {
        stage.finished(Double.NaN, file + " is there");
      }

      @Override
      public void close() {
        stage.close();
      }
    };
  }
}
