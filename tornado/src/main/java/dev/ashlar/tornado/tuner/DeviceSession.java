package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tornado.kernel.DeviceGradients;
import java.util.Map;
import java.util.function.Consumer;

/** One block under tuning on the device. */
final class DeviceSession implements TuningSession {
  private final TuningJob job;
  private final TuningGraph graph;
  private final Consumer<TuningGraph> back;
  private boolean closed;

  /**
   * @param graph has the job loaded
   * @param back gets the graph in the end
   */
  DeviceSession(TuningJob job, TuningGraph graph, Consumer<TuningGraph> back) {
    this.job = job;
    this.graph = graph;
    this.back = back;
  }

  @Override
  public double squaredError(int[] samples, Gradients gradients, float factor) {
    if (samples.length > job.micro()) {
      throw new IllegalArgumentException(samples.length + " samples for " + job.micro());
    }
    requireOpen();
    int mode =
        switch (gradients) {
          case NONE -> DeviceGradients.KEEP;
          case WRITE -> DeviceGradients.WRITE;
          case ADD -> DeviceGradients.ADD;
        };
    return graph.run(samples, mode, factor);
  }

  @Override
  public void keep() {
    requireOpen();
    if (graph.steps()) {
      throw new IllegalStateException("parameters are kept before they step");
    }
    graph.keepNext();
  }

  @Override
  public void step(int iteration) {
    requireOpen();
    graph.stepNext(iteration);
  }

  @Override
  public Map<String, FakeQuantKernel.Parameters> kept() {
    requireOpen();
    // A run of no samples, which does what waits.
    graph.run(new int[0], DeviceGradients.KEEP, 0);
    return graph.kept(job);
  }

  /** The graph may be another block's already. */
  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      back.accept(graph);
    }
  }
}
