package dev.ashlar.tornado.tuner;

import dev.ashlar.nn.devicetuning.TuningJob;
import dev.ashlar.nn.devicetuning.TuningSession;
import java.util.Optional;

/**
 * Tunes blocks on TornadoVM's default device: a task graph has the whole of an iteration. What one
 * iteration decides (keep, step, by how much) the next run does first, so that nothing passes
 * through the host but the batch's numbers and the squared error of each row. The graph of the last
 * block is kept, since compiling it takes longer than many iterations: a block of the same shape is
 * loaded into its arrays.
 *
 * <p>Sums are in float and in another order than on the processor, so that signs of gradients that
 * are next to nothing may differ, and the codes that hang on them.
 *
 * <p>Used by one thread.
 */
public final class DeviceUnitTuner {
  private final boolean groups;

  /** The graph that no session uses, or null. */
  private TuningGraph idle;

  private int compiled;

  /**
   * A tuner that has compiled nothing.
   *
   * @param groups whether products are by groups of work items, which graphics processors need and
   *     processors do not
   */
  public DeviceUnitTuner(boolean groups) {
    this.groups = groups;
  }

  /** As {@code DeviceTuner} says. */
  public static Optional<String> refusal(TuningJob job) {
    return TunerSupport.missing(job);
  }

  /**
   * As {@code DeviceTuner} says.
   *
   * @throws IllegalArgumentException if {@link #refusal} has something to say
   */
  public TuningSession begin(TuningJob job) {
    refusal(job)
        .ifPresent(
            what -> {
              throw new IllegalArgumentException(
                  job.block().name() + " cannot be tuned on a device, which lacks " + what);
            });
    TuningGraph graph = idle;
    idle = null;
    if (graph != null && !graph.shape().equals(BlockShape.of(job))) {
      graph.close();
      graph = null;
    }
    if (graph == null) {
      graph = new TuningGraph(job, groups);
      compiled++;
    }
    try {
      graph.load(job);
      return new DeviceSession(job, graph, this::putBack);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** How many graphs were compiled so far; for tests. */
  int compiled() {
    return compiled;
  }

  private void putBack(TuningGraph graph) {
    if (graph.hasFailed()) {
      graph.close();
      return;
    }
    release();
    idle = graph;
  }

  /** Frees the memory of the device that no session uses. */
  public void release() {
    if (idle != null) {
      idle.close();
      idle = null;
    }
  }
}
